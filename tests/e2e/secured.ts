import { type DescMethod, type DescService, create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { LOCAL, type NamespaceId, type Role, type Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import * as proto from "@kagzi/proto";
import * as grpc from "@kagzi/proto/grpc";
import { ApiKeys, type CreatedKey, type KeyRequest, type ServerOptions, startServer, systemEnv } from "@kagzi/server";

/** Everything that the contract offers, and what servers offer beside. */
export const SERVICES = [...Object.values(proto), ...Object.values(grpc)].filter(
  (each): each is DescService & typeof each => typeof each === "object" && "kind" in each && each.kind === "service",
);
export const METHODS: readonly DescMethod[] = SERVICES.flatMap((service) => service.methods);

/** A server that asks who comes, over a store whose time, and whose idea of how long ago something was, a test moves. */
export class Secured {
  readonly url: string;
  readonly store: Store;
  readonly keys: ApiKeys;
  /** Reads the files of TLS anew. */
  readonly renewTls: () => void;
  readonly close: () => Promise<void>;
  #clients = new Map<DescService, Record<string, (...about: unknown[]) => unknown>>();

  private constructor(parts: Pick<Secured, "url" | "store" | "keys" | "renewTls" | "close">) {
    this.url = parts.url;
    this.store = parts.store;
    this.keys = parts.keys;
    this.renewTls = parts.renewTls;
    this.close = parts.close;
  }

  static async open(options: Partial<ServerOptions> = {}): Promise<Secured> {
    const ahead = { ms: 0 };
    const env = { ...systemEnv(), now: () => performance.now() + ahead.ms };
    const store = await openStore("sqlite::memory:", { clock: () => Date.now() + ahead.ms });
    const server = await startServer({ store, env, host: "127.0.0.1", port: 0, auth: "required", ...options });
    await server.ready;
    const close = async () => {
      await server.stop();
      await store.close();
    };
    const secured = new Secured({
      url: server.url,
      store,
      keys: new ApiKeys({ store, env }),
      renewTls: () => server.renewTls(),
      close,
    });
    Object.defineProperty(secured, "pass", { value: (ms: number) => (ahead.ms += ms) });
    return secured;
  }

  /** Lets so much time pass at once. */
  declare readonly pass: (ms: number) => void;

  async key(role: Role, change: Partial<KeyRequest> = {}): Promise<CreatedKey> {
    return this.keys.create({ name: role, role, ...change }, LOCAL);
  }

  async keyOf(role: Role, namespaceId: string): Promise<CreatedKey> {
    return this.key(role, { namespaceId: namespaceId as NamespaceId });
  }

  /** Makes a call, and says what came of it: `in`, or why it was refused at the door. */
  async call(method: DescMethod, key: string | undefined, request: object = {}): Promise<Answer> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const client = this.#client(method.parent);
    const stop = new AbortController();
    try {
      const message = create(method.input, request as Record<string, unknown>);
      if (method.methodKind === "unary") {
        const answer = await client[method.localName]?.(message, { headers });
        return { became: "in", answer: answer as object };
      }
      const input = method.methodKind === "server_streaming" ? message : only(message);
      const stream = client[method.localName]?.(input, { headers, signal: stop.signal }) as AsyncIterable<object>;
      for await (const answer of stream) return { became: "in", answer };
      return { became: "in" };
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code === Code.Unauthenticated) return { became: "unknown", error };
      return error.code === Code.PermissionDenied ? { became: "forbidden", error } : { became: "in", error };
    } finally {
      stop.abort();
    }
  }

  #client(service: DescService) {
    const transport = createConnectTransport({ baseUrl: this.url, httpVersion: "2" });
    const client = this.#clients.get(service) ?? createClient(service, transport);
    this.#clients.set(service, client);
    return client;
  }
}

/** What came of a call. */
export interface Answer {
  readonly became: "in" | "unknown" | "forbidden";
  readonly answer?: object;
  readonly error?: ConnectError;
}

async function* only(message: object): AsyncIterable<object> {
  yield message;
}
