import { ConnectError, Code } from "@connectrpc/connect";
import type { UniversalHandlerFn, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeFromHttpStatus,
  codeToHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorFromJsonBytes,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { withDetail } from "../rpc/errors.ts";

// Errors that handlers throw have an ErrorDetail before they reach the transport. Those that the transport makes itself
// (a message that cannot be read or is too large, a deadline, an unknown compression) have none, and nothing on the way
// to the response lets one be added. So it is added to the response, which each protocol lays out in its own way.

/** A handler whose every error response carries an ErrorDetail. */
export function withErrorDetails(handler: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => completeErrors(request, await handler(request));
}

async function completeErrors(
  request: UniversalServerRequest,
  response: UniversalServerResponse,
): Promise<UniversalServerResponse> {
  const type = request.header.get("content-type") ?? "";
  if (response.trailer !== undefined) return { ...response, body: completeTrailer(response.body, response.trailer) };
  if (type.startsWith("application/grpc-web"))
    return { ...response, body: completeLastFrame(response.body, grpcWebFrame) };
  if (type.startsWith("application/connect+"))
    return { ...response, body: completeLastFrame(response.body, connectFrame) };
  return response.status === 200 ? response : completeJson(response);
}

type Body = NonNullable<UniversalServerResponse["body"]>;

/** gRPC: the status is in the trailers, which are complete when the body has ended. */
async function* completeTrailer(body: UniversalServerResponse["body"], trailer: Headers): Body {
  if (body !== undefined) yield* body;
  const error = findTrailerError(trailer);
  if (error !== undefined) setTrailerStatus(trailer, withDetail(error));
}

/** gRPC-web and Connect's streams: the status is in the last frame of the body. Each chunk is a frame. */
async function* completeLastFrame(
  body: UniversalServerResponse["body"],
  complete: (frame: Uint8Array) => Uint8Array,
): Body {
  for await (const frame of body ?? []) yield complete(frame);
}

const COMPRESSED = 1;
/** Flags, and four bytes of length. */
const FRAME_HEADER_BYTES = 5;

function grpcWebFrame(frame: Uint8Array): Uint8Array {
  if (!isLast(frame, trailerFlag)) return frame;
  const trailer = trailerParse(frame.subarray(FRAME_HEADER_BYTES));
  const error = findTrailerError(trailer);
  if (error === undefined) return frame;
  setTrailerStatus(trailer, withDetail(error));
  return encodeFrame(trailerFlag, trailerSerialize(trailer));
}

function connectFrame(frame: Uint8Array): Uint8Array {
  if (!isLast(frame, endStreamFlag)) return frame;
  const { metadata, error } = endStreamFromJson(frame.subarray(FRAME_HEADER_BYTES));
  if (error === undefined) return frame;
  const json = JSON.stringify(endStreamToJson(metadata, withDetail(error), undefined));
  return encodeFrame(endStreamFlag, new TextEncoder().encode(json));
}

/** Whether this is the frame with the status. A compressed one is large: it has its detail. */
function isLast(frame: Uint8Array, flag: number): boolean {
  const flags = frame[0] ?? 0;
  return (flags & flag) === flag && (flags & COMPRESSED) === 0;
}

function encodeFrame(flags: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + data.byteLength);
  frame.writeUInt8(flags, 0);
  frame.writeUInt32BE(data.byteLength, 1);
  frame.set(data, FRAME_HEADER_BYTES);
  return frame;
}

/** Connect's single calls, and what is no call at all: the body is the error, as JSON. */
async function completeJson(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const header = new Headers(response.header);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (header.get("content-encoding") !== null) return { ...response, body: once(bytes) };
  const fallback = new ConnectError(httpReason(response.status), codeFromHttpStatus(response.status));
  const error = bytes.byteLength === 0 ? fallback : errorFromJsonBytes(bytes, undefined, fallback);
  const complete = withDetail(error);
  const json = errorToJsonBytes(complete, undefined);
  header.set("content-type", "application/json");
  header.set("content-length", String(json.byteLength));
  const status = complete.code === error.code ? response.status : codeToHttpStatus(complete.code);
  return { ...response, status, header, body: once(json) };
}

async function* once(bytes: Uint8Array): Body {
  yield bytes;
}

function httpReason(status: number): string {
  switch (status) {
    case 405:
      return "calls are made by POST";
    case 415:
      return "the content type is none of gRPC, gRPC-web, Connect or JSON";
    case 505:
      return "a stream in both directions needs HTTP/2";
    default:
      return `the request was refused with HTTP status ${status}`;
  }
}

/** The answer to a call of a method that does not exist, in the protocol that it was made in. */
export function unknownMethod(path: string, contentType: string): UniversalServerResponse {
  const message = `there is no ${path} here: look at the services with gRPC reflection`;
  const answer = errorResponse(new ConnectError(message, Code.Unimplemented), contentType);
  return answer.status === 200 ? answer : { ...answer, status: 404 };
}

/** The answer to a call that is refused before it is read, in the protocol that it was made in. */
export function errorResponse(error: ConnectError, contentType: string): UniversalServerResponse {
  const complete = withDetail(error);
  if (contentType.startsWith("application/grpc")) {
    const header = new Headers({ "content-type": contentType });
    setTrailerStatus(header, complete);
    return { status: 200, header };
  }
  if (contentType.startsWith("application/connect+")) {
    const json = JSON.stringify(endStreamToJson(new Headers(), complete, undefined));
    const header = new Headers({ "content-type": contentType });
    return { status: 200, header, body: once(encodeFrame(endStreamFlag, new TextEncoder().encode(json))) };
  }
  const json = errorToJsonBytes(complete, undefined);
  const header = new Headers({ "content-type": "application/json" });
  return { status: codeToHttpStatus(complete.code), header, body: once(json) };
}
