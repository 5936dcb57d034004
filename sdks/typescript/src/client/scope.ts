import type { Connection } from "../connection.ts";
import type { ClientCalls } from "../calls.ts";
import type { Payloads } from "../payload/codec.ts";
import type { Runtime } from "../runtime.ts";

/** What the parts of a client share. */
export interface ClientScope {
  readonly connection: Connection;
  readonly namespace: string;
  readonly runtime: Runtime;
  readonly calls: ClientCalls;
  readonly payloads: Payloads;
  /** Makes the ids of runs and events. */
  readonly newId: () => string;
}
