import { type DescMessage, type Message, create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ErrorCode, ErrorDetailSchema, RunAck_Result, type WorkResponse, WorkResponseSchema } from "@kagzi/proto";
import { toConnectError } from "@kagzi/server";
import { CANARY } from "./world.ts";

/** What became of a call: an answer, or why it was refused. Broken: it is against the law. */
export type Verdict =
  | { readonly was: "answered"; readonly answer: Message }
  | { readonly was: "refused"; readonly code: string }
  | { readonly was: "broken"; readonly law: string };

const LONGEST_REASON = 2000;

/** What a call may answer: what can be sent, and nothing of another namespace. */
export function judgeAnswer(desc: DescMessage, answer: object): Verdict {
  const message = create(desc, answer as never);
  let bytes: Buffer;
  try {
    bytes = Buffer.from(toBinary(desc, message).buffer);
  } catch (error) {
    return broken(`the answer cannot be sent: ${String(error)}`);
  }
  if (bytes.includes(CANARY)) return broken("the answer shows what is in another namespace");
  const inside = desc.typeName === WorkResponseSchema.typeName ? internalIn(message as WorkResponse) : undefined;
  return inside === undefined ? { was: "answered", answer: message } : broken(inside);
}

function internalIn({ acks }: WorkResponse): string | undefined {
  for (const { decisions, error, result } of acks) {
    if (result === RunAck_Result.REJECTED && error?.code === ErrorCode.INTERNAL)
      return `an update was rejected: ${error.message}`;
    const decision = decisions.find((each) => each.error?.message.startsWith("internal error"));
    if (decision !== undefined) return `a command failed: ${String(decision.error?.message)}`;
  }
  return undefined;
}

/** How a call may be refused: with a code of the closed list that says whose fault it is, and a reason of a fair length. */
export function judgeError(thrown: unknown): Verdict {
  const cause: { error?: unknown } = {};
  const error = toConnectError(thrown, (internal) => (cause.error = internal));
  const [detail] = error.findDetails(ErrorDetailSchema);
  if (detail === undefined) return broken(`the error has no detail: ${error.message}`);
  const code = ErrorCode[detail.code];
  if (error.code === Code.Internal || error.code === Code.Unknown || detail.code === ErrorCode.INTERNAL) {
    return broken(`${error.rawMessage}: ${stackOf(cause.error ?? thrown)}`);
  }
  if (code === undefined || detail.code === ErrorCode.UNSPECIFIED)
    return broken(`the error has no code: ${error.message}`);
  if (detail.message === "" || detail.message.length > LONGEST_REASON) {
    return broken(`the reason has ${detail.message.length} characters: ${detail.message.slice(0, 200)}`);
  }
  if (`${detail.message} ${JSON.stringify(detail.metadata)} ${detail.subjectId}`.includes(CANARY)) {
    return broken(`the error shows what is in another namespace: ${detail.message}`);
  }
  const isOverload = detail.metadata["reason"] === "OVERLOADED";
  if (detail.code === ErrorCode.UNAVAILABLE && !isOverload) return broken(`it was unavailable: ${detail.message}`);
  return { was: "refused", code };
}

function broken(law: string): Verdict {
  return { was: "broken", law };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
