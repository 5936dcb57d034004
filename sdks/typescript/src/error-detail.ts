import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorDetail, ErrorDetailSchema, ErrorCode as WireCode } from "@kagzi/proto";
import { type ErrorCode, KagziError, isKagziError } from "./error.ts";

const WIRE_CODE: Readonly<Record<ErrorCode, WireCode>> = {
  NOT_FOUND: WireCode.NOT_FOUND,
  INVALID_ARGUMENT: WireCode.INVALID_ARGUMENT,
  PRECONDITION_FAILED: WireCode.PRECONDITION_FAILED,
  CONFLICT: WireCode.CONFLICT,
  UNAUTHORIZED: WireCode.UNAUTHORIZED,
  UNAVAILABLE: WireCode.UNAVAILABLE,
  INTERNAL: WireCode.INTERNAL,
  TIMEOUT: WireCode.TIMEOUT,
  CANCELLED: WireCode.CANCELLED,
  NONDETERMINISM: WireCode.NONDETERMINISM,
  PAYLOAD_TOO_LARGE: WireCode.PAYLOAD_TOO_LARGE,
  POISON: WireCode.POISON,
};

const CODE_OF_WIRE = new Map(Object.entries(WIRE_CODE).map(([code, wire]) => [wire, code as ErrorCode]));

/** In characters; what is longer is cut. */
const MAX_TEXT = 16_384;
const MAX_STACK = 32_768;
/** How many causes an error keeps, one inside the other. */
const MAX_CAUSES = 8;

/** Whatever was thrown, as it is recorded: name, message, stack and causes. Never throws, whatever it is given. */
export function toErrorDetail(thrown: unknown): ErrorDetail {
  return detailOf(thrown, 1);
}

function detailOf(thrown: unknown, depth: number): ErrorDetail {
  try {
    return thrown instanceof Error ? detailOfError(thrown, depth) : detailOfValue(thrown);
  } catch {
    return create(ErrorDetailSchema, { code: WireCode.INTERNAL, message: "what was thrown cannot be looked at" });
  }
}

function detailOfError(error: Error, depth: number): ErrorDetail {
  const ours = isKagziError(error) ? error : undefined;
  const { cause } = error;
  // Whatever the types say: user code may have put anything there.
  const { name, message, stack } = fields(error);
  return create(ErrorDetailSchema, {
    code: WIRE_CODE[ours?.code ?? "INTERNAL"] ?? WireCode.INTERNAL,
    message: text(String(message)),
    nonRetryable: ours?.nonRetryable ?? false,
    subject: text(ours?.subject ?? ""),
    subjectId: text(ours?.subjectId ?? ""),
    metadata: Object.fromEntries(metadataOf(error).map(([key, value]) => [text(key), text(value)])),
    name: text(String(name)),
    stack: cut(typeof stack === "string" ? stack : "", MAX_STACK),
    ...(ours?.retryAfter !== undefined && { retryAfterMs: BigInt(ours.retryAfter) }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: detailOf(cause, depth + 1) }),
  });
}

function fields({ name, message, stack }: Error): Readonly<Record<"name" | "message" | "stack", unknown>> {
  return { name, message, stack };
}

function metadataOf(error: Error): [string, string][] {
  if (isKagziError(error)) return Object.entries(error.metadata);
  if (!(error instanceof AggregateError)) return [];
  return error.errors.slice(0, 16).map((each, index) => [`errors[${index}]`, String(each)]);
}

function detailOfValue(thrown: unknown): ErrorDetail {
  const shown = typeof thrown === "string" ? thrown : `${describe(thrown)} was thrown`;
  return create(ErrorDetailSchema, { code: WireCode.INTERNAL, message: text(shown), name: typeof thrown });
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return `an object (${JSON.stringify(value) ?? "not to be shown"})`;
}

/** A recorded error as user code meets it. One that was not ours is its cause. */
export function fromErrorDetail(detail: ErrorDetail): KagziError {
  const isOurs = detail.name === "" || detail.name === "KagziError";
  const cause = isOurs ? detail.cause && errorOf(detail.cause) : errorOf(detail);
  const error = new KagziError(codeOf(detail), detail.message, {
    nonRetryable: detail.nonRetryable,
    metadata: detail.metadata,
    ...(detail.retryAfterMs !== undefined && { retryAfter: Number(detail.retryAfterMs) }),
    ...(detail.subject !== "" && { subject: detail.subject }),
    ...(detail.subjectId !== "" && { subjectId: detail.subjectId }),
    ...(cause !== undefined && { cause }),
  });
  // Where it was thrown, not where it was read.
  if (detail.stack !== "") error.stack = detail.stack;
  return error;
}

/** An error as it was thrown: ours as ours, others with their name, message and stack. */
function errorOf(detail: ErrorDetail): Error {
  if (detail.name === "KagziError") return fromErrorDetail(detail);
  const error = new Error(detail.message, detail.cause === undefined ? undefined : { cause: errorOf(detail.cause) });
  if (detail.name !== "")
    Object.defineProperty(error, "name", { value: detail.name, configurable: true, writable: true });
  if (detail.stack !== "") error.stack = detail.stack;
  return error;
}

function codeOf(detail: ErrorDetail): ErrorCode {
  return CODE_OF_WIRE.get(detail.code) ?? "INTERNAL";
}

const CODE_OF_STATUS: Readonly<Partial<Record<Code, ErrorCode>>> = {
  // Our servers explain themselves. What does not is made up here, for a connection that was lost or an answer that
  // did not come: a caller who gave up is told so before this is asked.
  [Code.Canceled]: "UNAVAILABLE",
  [Code.DeadlineExceeded]: "UNAVAILABLE",
  [Code.Aborted]: "UNAVAILABLE",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "CONFLICT",
  [Code.PermissionDenied]: "UNAUTHORIZED",
  [Code.Unauthenticated]: "UNAUTHORIZED",
  [Code.ResourceExhausted]: "PAYLOAD_TOO_LARGE",
  [Code.FailedPrecondition]: "PRECONDITION_FAILED",
  [Code.Unimplemented]: "PRECONDITION_FAILED",
};

/** What a call threw: what the server said, or what became of the connection. */
export function fromConnectError(thrown: unknown): KagziError {
  if (isKagziError(thrown)) return thrown;
  const error = ConnectError.from(thrown);
  const [detail] = error.findDetails(ErrorDetailSchema);
  if (detail !== undefined) return fromErrorDetail(detail);
  // A number or a text that no message can carry.
  if (error.rawMessage.startsWith("serialize ")) {
    return new KagziError("INVALID_ARGUMENT", `the call cannot be made: ${error.rawMessage}`, { cause: error });
  }
  const code = CODE_OF_STATUS[error.code] ?? (isBrokenConnection(error) ? "UNAVAILABLE" : "INTERNAL");
  const hint = code === "UNAVAILABLE" ? "; is a Kagzi server running there?" : "";
  return new KagziError(code, `${error.rawMessage}${hint}`, { cause: error });
}

/** Node's own errors of a connection that ended in the middle of a call. */
function isBrokenConnection(error: ConnectError): boolean {
  const code: unknown = error.cause instanceof Error ? Reflect.get(error.cause, "code") : undefined;
  return typeof code === "string" && /^(ERR_HTTP2_|ECONN|EPIPE|ETIMEDOUT)/.test(code);
}

function text(value: string): string {
  return cut(value, MAX_TEXT);
}

/** Cut to a length, and without what not every store can hold: NUL, and halves of surrogate pairs. */
function cut(value: string, length: number): string {
  const short = value.length > length ? `${value.slice(0, length - 1)}…` : value;
  return short.toWellFormed().replaceAll("\0", "\uFFFD");
}
