import {
  AdminService,
  ApiKeyService,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { type EngineConfig, type Env, type Log, type RunningEngine, startEngine } from "@kagzi/server";
import type { Connection } from "kagzi";
import { directClient } from "./direct-client.ts";
import { type StoreOptions, openStore } from "./open-store.ts";

/** What may be said of an engine in this process. */
export interface EmbeddedOptions extends StoreOptions {
  readonly config?: Partial<EngineConfig>;
  readonly log?: Log;
  /** Time and chance; for tests. */
  readonly env?: Env;
}

/** An engine in this process: what `Client` and `Worker` take as their `connection`. */
export interface EmbeddedEngine extends Connection, AsyncDisposable {
  /** Finishes what is under way and closes the database. Stop the workers first. */
  close(): Promise<void>;
}

/**
 * Starts an engine in this process, with its database brought up to date: `sqlite:./kagzi.db`, `sqlite::memory:` or
 * `postgres://…`. It is the engine of the server, without the network.
 * @throws KagziError `INVALID_ARGUMENT` for another address, `PRECONDITION_FAILED` for a file that another process has
 */
export async function embedded(url: string, options: EmbeddedOptions = {}): Promise<EmbeddedEngine> {
  const { config, env, log } = options;
  const store = await openStore(url, options);
  const engine = startEngine({
    store,
    ...(config !== undefined && { config }),
    ...(env !== undefined && { env }),
    ...(log !== undefined && { log }),
  });
  const close = async () => {
    await engine.stop();
    await store.close();
  };
  try {
    await engine.ready;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...connectionTo(engine),
    target: `the embedded engine on ${store.kind}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connectionTo({ services }: RunningEngine) {
  return {
    workflows: directClient(WorkflowService, services.workflow),
    workers: directClient(WorkerService, services.worker),
    namespaces: directClient(NamespaceService, services.namespace),
    admin: directClient(AdminService, services.admin),
    events: directClient(EventService, services.event),
    schedules: directClient(WorkflowScheduleService, services.schedule),
    apiKeys: directClient(ApiKeyService, services.apiKey),
  };
}
