import { type DescMessage, type DescMethod, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { type OnInternalError, toConnectError } from "../rpc/errors.ts";
import type { Request, Response } from "./request-handler.ts";
import { readBody } from "./read-body.ts";
import { sendWhole } from "./respond.ts";

// What our own SDKs speak, and nearly every call is: Connect's unary protocol in its binary form, without compression
// (https://connectrpc.com/docs/protocol, "Unary-Request"). The library serves it, too, and all the rest, by way of streams,
// headers and signals that such a call has no use for, and that an idle system waits for.

/** A method that answers one message with one. */
export interface PlainMethod {
  readonly method: DescMethod;
  readonly call: (
    request: never,
    call: { readonly signal: AbortSignal; readonly values: ContextValues },
  ) => Promise<unknown>;
}

export interface PlainCallOptions {
  readonly readMaxBytes: number;
  readonly onInternalError: OnInternalError;
}

const PROTO = "application/proto";
/** Of a caller that could read a smaller answer. */
const COMPRESSIONS = /gzip|br/u;

/** Whether a request is in the form that {@link servePlainCall} serves. */
export function isPlain({ headers, method }: Request): boolean {
  const { "accept-encoding": accepted = "", "content-encoding": encoding, "content-type": type } = headers;
  const timeout = headers["connect-timeout-ms"] ?? "0";
  return (
    method === "POST" &&
    type === PROTO &&
    encoding === undefined &&
    !COMPRESSIONS.test(accepted) &&
    /^\d{1,9}$/u.test(String(timeout))
  );
}

/** Serves a call that {@link isPlain}. Never throws: whatever happens is answered, if the caller is there. */
export async function servePlainCall(
  { call, method }: PlainMethod,
  exchange: { readonly request: Request; readonly response: Response; readonly values: ContextValues },
  { onInternalError, readMaxBytes }: PlainCallOptions,
): Promise<void> {
  const { request, response, values } = exchange;
  // It may have gone while it was asked who it is.
  if (isGone(response)) return;
  const caller = new Caller(request, response, values);
  try {
    const message = parse(method.input, await readBody(request, readMaxBytes));
    const answer = await call(message as never, caller);
    const bytes = toBinary(method.output, create(method.output, answer as Record<string, unknown>));
    sendWhole(response, { status: 200, headers: headersOf(PROTO, bytes), bytes });
  } catch (thrown) {
    if (isGone(response)) return;
    const error = toConnectError(thrown, onInternalError);
    const bytes = errorToJsonBytes(error, undefined);
    const headers = { ...Object.fromEntries(error.metadata), ...headersOf("application/json", bytes) };
    sendWhole(response, { status: codeToHttpStatus(error.code), headers, bytes });
  } finally {
    caller.isAnswered();
  }
}

function headersOf(type: string, bytes: Uint8Array): Record<string, string> {
  return { "content-type": type, "content-length": String(bytes.byteLength) };
}

/** Who waits for the answer; its signal, made when it is asked for, says that it no longer does. */
class Caller {
  readonly #request: Request;
  readonly #response: Response;
  readonly values: ContextValues;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: Request, response: Response, values: ContextValues) {
    this.values = values;
    this.#request = request;
    this.#response = response;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  isAnswered(): void {
    clearTimeout(this.#timer);
    this.#response.off("close", this.#gone);
  }

  #watch(): AbortController {
    const timeoutMs = Number(this.#request.headers["connect-timeout-ms"] ?? 0);
    this.#controller = new AbortController();
    if (timeoutMs > 0) this.#timer = setTimeout(this.#gone, timeoutMs);
    this.#response.once("close", this.#gone);
    if (isGone(this.#response)) this.#gone();
    return this.#controller;
  }

  readonly #gone = () => this.#controller?.abort();
}

function isGone(response: Response): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}

function parse(schema: DescMessage, bytes: Uint8Array): object {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(`parse binary: ${reason}`, Code.InvalidArgument, undefined, undefined, cause);
  }
}
