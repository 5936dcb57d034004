import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  type Interceptor,
  createConnectRouter,
  createContextValues,
} from "@connectrpc/connect";
import type { Principal } from "@kagzi/core";
import { compressionBrotli, compressionGzip, universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import type { UniversalHandlerFn, UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Door } from "../door/door.ts";
import { PRINCIPAL } from "../door/guard.ts";
import { forbidden } from "../door/refusals.ts";
import { type OnInternalError, toConnectError } from "../rpc/errors.ts";
import { errorResponse, unknownMethod, withErrorDetails } from "./errors-in-responses.ts";
import { type PlainMethod, isPlain, servePlainCall } from "./plain-call.ts";
import type { Site } from "./site.ts";
import { type Whole, respond, sendWhole } from "./respond.ts";

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** What Node calls for each request, over HTTP/1.1 and HTTP/2 alike. */
export type RequestHandler = (request: Request, response: Response) => void;

/** A page that is no call, such as a health check. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers a request that is no call. What it throws is answered as a call's error is. */
export type Endpoint = (request: Request) => Promise<Whole>;
/** Makes a page for a request with these headers. */
export type PageSource = (headers: Request["headers"]) => Page | Promise<Page>;

/** A service, and who serves it: an object with a function for each of its methods. */
export interface Route {
  readonly service: DescService;
  readonly implementation: object;
}

export interface RequestHandlerOptions {
  /** Who comes in. */
  readonly door: Pick<Door, "admit" | "meet">;
  /** What is no call, by its method and exact path: `POST /login`. */
  readonly endpoints?: Readonly<Record<string, Endpoint>>;
  readonly routes: readonly Route[];
  /** By exact path, for GET and HEAD. */
  readonly pages: Readonly<Record<string, PageSource>>;
  /** What browsers see at every path that nothing else is at. Absent: nothing. */
  readonly site?: Site;
  /** Of a request or one message of a stream; larger ones are refused. */
  readonly readMaxBytes: number;
  readonly onInternalError: OnInternalError;
}

/** Serves calls in gRPC, gRPC-web and Connect (binary and JSON), and pages. Nothing that a request says can end the process. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { onInternalError, pages, readMaxBytes, routes, site } = options;
  const router = createConnectRouter({
    interceptors: [convertErrors(onInternalError)],
    readMaxBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
  });
  for (const { implementation, service } of routes) router.service(service, implementation);
  const plainMethods = plainMethodsOf(routes);
  const calls = new Map(router.handlers.map((handler) => [handler.requestPath, withErrorDetails(handler)]));
  return (request, response) => {
    // A socket that breaks while it is written to is nobody's error.
    response.on("error", () => {});
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const refuse = (error: unknown) => {
      const refusal = toConnectError(error, onInternalError);
      answer(errorResponse(refusal, contentTypeOf(request)), request, response);
    };
    const met = options.door.meet(path, request.headers);
    if (met.why !== undefined) return refuse(forbidden(met.why));
    for (const [name, value] of Object.entries(met.headers)) response.setHeader(name, value);
    if (request.method === "OPTIONS") return sendPage(response, { status: 204, contentType: "text/plain", body: "" });
    const page = pages[path];
    if (page !== undefined && (request.method === "GET" || request.method === "HEAD")) {
      return enter(
        () => options.door.admit(path, request.headers),
        () => void servePage(page, { request, response }, onInternalError),
        refuse,
      );
    }
    const endpoint = options.endpoints?.[`${request.method ?? ""} ${path}`];
    if (endpoint !== undefined) {
      return void endpoint(request).then((whole) => sendWhole(response, whole), refuse);
    }
    const call = calls.get(path);
    if (call === undefined && site?.serve(request, response, path) === true) return undefined;
    if (call === undefined) return answer(unknownMethod(path, contentTypeOf(request)), request, response);
    const serve = (principal: Principal) => {
      const values = createContextValues().set(PRINCIPAL, principal);
      const plain = plainMethods.get(path);
      if (plain !== undefined && isPlain(request)) void servePlainCall(plain, { request, response, values }, options);
      else serveCall(call, { request, response, values });
    };
    enter(() => options.door.admit(path, request.headers), serve, refuse);
  };
}

/** Lets a call in or not: at once, where that is known at once. */
function enter(
  admit: () => Principal | Promise<Principal>,
  serve: (principal: Principal) => void,
  refuse: (error: unknown) => void,
): void {
  try {
    const principal = admit();
    if (principal instanceof Promise) principal.then(serve, refuse);
    else serve(principal);
  } catch (error) {
    refuse(error);
  }
}

function answer(found: UniversalServerResponse, request: Request, response: Response): void {
  serveCall(async () => found, { request, response, values: createContextValues() });
}

/** A request, how it is answered, and what is known of it. */
interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly values: ContextValues;
}

/** By path. */
function plainMethodsOf(routes: readonly Route[]): ReadonlyMap<string, PlainMethod> {
  const methods = new Map<string, PlainMethod>();
  for (const { implementation, service } of routes) {
    for (const method of service.methods) {
      if (method.methodKind !== "unary") continue;
      const call = Reflect.get(implementation, method.localName) as PlainMethod["call"];
      methods.set(`/${service.typeName}/${method.name}`, { method, call });
    }
  }
  return methods;
}

function serveCall(handler: UniversalHandlerFn, { request, response, values }: Exchange): void {
  const served = (async () => {
    const found = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
    await respond(found, response);
  })();
  served.catch((error: unknown) => {
    // The caller has gone, or sent what is not even HTTP.
    const isBroken = error instanceof ConnectError && (error.code === Code.Aborted || error.code === Code.Canceled);
    if (isBroken || response.headersSent) response.destroy();
    else sendPage(response, { status: 400, contentType: "text/plain", body: "this is no request that can be read\n" });
  });
}

async function servePage(
  page: PageSource,
  { request, response }: { readonly request: Request; readonly response: Response },
  onInternalError: OnInternalError,
): Promise<void> {
  try {
    sendPage(response, await page(request.headers));
  } catch (error) {
    const reference = randomUUID();
    onInternalError(error, reference);
    const body = `internal error; look for ${reference} in the server's log\n`;
    sendPage(response, { status: 500, contentType: "text/plain", body });
  }
}

function sendPage(response: Response, { status, contentType, body }: Page): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function contentTypeOf(request: Request): string {
  return request.headers["content-type"] ?? "";
}

/** Errors that handlers throw, as their callers see them. */
function convertErrors(onInternal: OnInternalError): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: convertIn(response.message, onInternal) };
    } catch (error) {
      throw toConnectError(ofCaller(error), onInternal);
    }
  };
}

/** A caller that goes in the middle of what it says is no failure of the server's. */
function ofCaller(error: unknown): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const isBrokenOff =
    code === "ERR_STREAM_PREMATURE_CLOSE" || (code === "ECONNRESET" && String(error) === "Error: aborted");
  return isBrokenOff ? new ConnectError("the request broke off", Code.Aborted, undefined, undefined, error) : error;
}

async function* convertIn<Message>(
  messages: AsyncIterable<Message>,
  onInternal: OnInternalError,
): AsyncGenerator<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw toConnectError(ofCaller(error), onInternal);
  }
}
