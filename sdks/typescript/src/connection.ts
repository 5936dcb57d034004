import type { DescService } from "@bufbuild/protobuf";
import { type Client, type Interceptor, createClient } from "@connectrpc/connect";
import { Http2SessionManager, createConnectTransport } from "@connectrpc/connect-node";
import {
  AdminService,
  ApiKeyService,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { type ClientTls, keyFromEnvironment, tlsFromEnvironment } from "./credentials.ts";
import { KagziError } from "./error.ts";

/** A way to an engine: over the network to a server, or straight to one in this process. */
export interface Connection {
  readonly workflows: Client<typeof WorkflowService>;
  readonly workers: Client<typeof WorkerService>;
  readonly namespaces: Client<typeof NamespaceService>;
  readonly admin: Client<typeof AdminService>;
  readonly events: Client<typeof EventService>;
  readonly schedules: Client<typeof WorkflowScheduleService>;
  readonly apiKeys: Client<typeof ApiKeyService>;
  /** Where it leads, for people to read. */
  readonly target: string;
  /**
   * The server's address where heartbeats can be sent from a thread of their own. Absent in-process: engine and worker
   * share a thread, and are awake or blocked together.
   */
  readonly heartbeatUrl?: string;
  /** For the heartbeats' own connection. */
  readonly credentials?: Credentials;
  close(): void | Promise<void>;
}

/** By what a server knows who calls, and a client that it is the server. */
export interface Credentials {
  /** Sent with every call; default: `KAGZI_API_KEY`, or what is in the file that `KAGZI_API_KEY_FILE` names. */
  readonly apiKey?: string | undefined;
  /** For `https://` addresses. */
  readonly tls?: ClientTls | undefined;
}

/** How to reach a server. */
export interface ServerOptions extends Credentials {
  /** Default: `KAGZI_URL`, else `http://localhost:50051`. */
  readonly url?: string | undefined;
}

/** A message to or from a server at most: histories and results come in pages far below. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * Connects to a server when the first call is made.
 * @throws KagziError `INVALID_ARGUMENT` for what is no address, no key, or a file that cannot be read
 */
export function connect(options: ServerOptions = {}): Connection {
  const url = serverUrl(options.url);
  const apiKey = checkKey(options.apiKey ?? keyFromEnvironment(process.env));
  const tls = options.tls ?? tlsFromEnvironment(process.env);
  // Pings find out that the other side is gone where TCP would not notice for a quarter of an hour. Not on an idle
  // connection: its timer would outlive one that is closed, and a connection that was idle is verified before its next use.
  const pings = { pingIntervalMs: 20_000, pingTimeoutMs: 10_000 };
  const sessionManager = new Sessions(url, pings, tls);
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "2",
    sessionManager,
    readMaxBytes: MAX_MESSAGE_BYTES,
    // Packing what a worker is sent costs the server more than carrying it; a proxy in between may still do so.
    acceptCompression: [],
    interceptors: apiKey === undefined ? [] : [authorize(apiKey)],
  });
  const client = <Desc extends DescService>(service: Desc) => createClient(service, transport);
  return {
    workflows: client(WorkflowService),
    workers: client(WorkerService),
    namespaces: client(NamespaceService),
    admin: client(AdminService),
    events: client(EventService),
    schedules: client(WorkflowScheduleService),
    apiKeys: client(ApiKeyService),
    target: url,
    heartbeatUrl: url,
    credentials: { apiKey, tls },
    close: () => sessionManager.abort(),
  };
}

/** Connections whose end is always heard of. */
class Sessions extends Http2SessionManager {
  readonly #heard = new WeakSet<object>();

  override async request(...args: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...args);
    const { session } = stream;
    // One that fails in the moment in which it is closed has no other listener left, and would end the process.
    if (session !== undefined && !this.#heard.has(session)) {
      this.#heard.add(session);
      session.on("error", () => {});
    }
    return stream;
  }
}

function authorize(apiKey: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
}

/** What no header can carry would fail with each call, and be repeated in what that says. */
function checkKey(apiKey: string | undefined): string | undefined {
  if (apiKey === undefined || /^[\x21-\x7e]+$/.test(apiKey)) return apiKey;
  throw new KagziError("INVALID_ARGUMENT", "the API key is empty, or holds spaces or other characters that none has");
}

function serverUrl(given: string | undefined): string {
  const url = given ?? process.env["KAGZI_URL"] ?? "http://localhost:50051";
  const isHttp = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isHttp) return url.replace(/\/+$/, "");
  throw new KagziError(
    "INVALID_ARGUMENT",
    `${JSON.stringify(url)} is no address of a server: give one like http://localhost:50051`,
  );
}
