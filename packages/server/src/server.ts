import {
  AdminService,
  ApiKeyService,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { Health as HealthContract, ServerReflection, ServerReflectionAlpha } from "@kagzi/proto/grpc";
import { type Metrics, collectProcess, contentTypeOf, formatOf } from "@kagzi/metrics";
import { startBackground } from "./background/background.ts";
import { addGauges } from "./background/gauges.ts";
import { Health } from "./background/health.ts";
import { type AuthMode, Door } from "./door/door.ts";
import { guarded } from "./door/guard.ts";
import { loginEndpoints } from "./door/login.ts";
import { Sessions } from "./door/sessions.ts";
import { hostsOf } from "./door/strangers.ts";
import { Engine, type EngineOptions } from "./engine/engine.ts";
import { errorField, silentLog } from "./engine/log.ts";
import { createHealthService } from "./http/health.ts";
import { listen } from "./http/listen.ts";
import { createReflectionService } from "./http/reflection.ts";
import { type Page, type Route, createRequestHandler } from "./http/request-handler.ts";
import { createSite, dashboardFolder } from "./http/site.ts";
import type { TlsFiles } from "./http/tls.ts";
import { type Services, createServices } from "./rpc/services.ts";

/** An engine with everything that goes on in it, and the services to call it by. */
export interface RunningEngine {
  readonly services: Services;
  readonly health: Health;
  readonly engine: Engine;
  readonly metrics: Metrics;
  /** Resolves once the schema is there; rejects with what no waiting cures. */
  readonly ready: Promise<void>;
  /** Finishes what is under way. The store stays open. */
  stop(): Promise<void>;
}

/** Starts an engine without a network: what the server puts on a port and the embedded mode calls directly. */
export function startEngine(options: EngineOptions): RunningEngine {
  const engine = new Engine(options);
  const health = new Health(engine.context);
  addGauges(engine, health);
  const stopping = new AbortController();
  let stopBackground: (() => Promise<void>) | undefined;
  const begin = async () => {
    await health.start(stopping.signal);
    if (!stopping.signal.aborted) stopBackground = startBackground(engine, health);
  };
  const ready = begin();
  return {
    services: createServices(engine, health),
    health,
    engine,
    metrics: engine.context.metrics.registry,
    ready,
    async stop() {
      stopping.abort();
      health.stopping();
      await ready.catch(() => {});
      await stopBackground?.();
      await engine.close();
    },
  };
}

/** Where a server listens, and what it is made of. */
export interface ServerOptions extends EngineOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** The folder of the files that browsers are served; absent: the dashboard. */
  readonly site?: string;
  /** Default: `optional` where only this computer can come, and otherwise `required`. */
  readonly auth?: AuthMode;
  /** Files in PEM; without them there is no TLS. */
  readonly tls?: TlsFiles;
  /** By which names the server is called beside those of this computer; without any, only one that asks nobody who they are looks at that. */
  readonly allowedHosts?: readonly string[];
  /** Other sites whose pages may call: `https://ops.example.com`. */
  readonly allowedOrigins?: readonly string[];
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Resolves once it can do its work; rejects with what no waiting cures. */
  readonly ready: Promise<void>;
  /** Whether callers must say who they are. */
  readonly auth: AuthMode;
  /** Reads the files of TLS anew, for connections to come. */
  renewTls(): void;
  /** Finishes what is under way, and stops listening. The store stays open. */
  stop(): Promise<void>;
}

/** Of one message: a batch of a worker's, or a start with the largest input. */
const READ_MAX_BYTES = 16 * 1024 * 1024;
/** How long calls under way may take when the server stops. */
const STOP_GRACE_MS = 5000;

/**
 * Starts a server. It listens at once, and says by `/readyz` whether it can do its work.
 * @throws KagziError `PRECONDITION_FAILED` if the port is taken
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, log = silentLog, port, site = dashboardFolder() } = options;
  const engine = startEngine(options);
  const { health } = engine;
  const { context, keyRing } = engine.engine;
  const { allowedHosts = [], allowedOrigins = [], auth = isLoopback(host) ? "optional" : "required" } = options;
  const sessions = new Sessions(context.env);
  const hosts = hostsOf({ isOpen: auth !== "required", isLoopback: isLoopback(host), allowed: allowedHosts });
  const door = new Door({ auth, keyRing, sessions, strangers: { hosts, origins: new Set(allowedOrigins) } });
  const handler = createRequestHandler({
    door,
    endpoints: loginEndpoints({ auth, keyRing, sessions }),
    routes: routesOf(engine).map(({ implementation, service }) => ({
      service,
      implementation: guarded(service, implementation, { keyRing, env: context.env }),
    })),
    pages: {
      "/healthz": () => OK,
      "/readyz": () => readiness(health),
      "/metrics": ({ accept }) => metricsPage(engine.metrics, accept),
    },
    site: createSite(site),
    readMaxBytes: READ_MAX_BYTES,
    onInternalError: (error, reference) => log.error("a call failed", { reference, error: errorField(error) }),
  });
  try {
    const { tls } = options;
    const listener = await listen({ host, port, handler, log, ...(tls !== undefined && { tls }) });
    const stopLooking = collectProcess(engine.metrics);
    const stop = async () => {
      stopLooking();
      await engine.stop();
      await listener.close(STOP_GRACE_MS);
    };
    return { url: listener.url, ready: engine.ready, auth, renewTls: () => listener.renewTls(), stop };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** Whether only callers on this computer come in by an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

const OK: Page = { status: 200, contentType: "text/plain", body: "ok\n" };

function readiness(health: Health): Page {
  return health.isServing ? OK : { status: 503, contentType: "text/plain", body: `${health.problem}\n` };
}

async function metricsPage(metrics: Metrics, accept: string | undefined): Promise<Page> {
  const format = formatOf(accept);
  return { status: 200, contentType: contentTypeOf(format), body: await metrics.text(format) };
}

const CONTRACT = [
  WorkflowService,
  WorkerService,
  AdminService,
  NamespaceService,
  WorkflowScheduleService,
  EventService,
  ApiKeyService,
] as const;

function routesOf({ health, services }: RunningEngine): readonly Route[] {
  const reflection = createReflectionService([...CONTRACT, HealthContract]);
  return [
    { service: WorkflowService, implementation: services.workflow },
    { service: WorkerService, implementation: services.worker },
    { service: AdminService, implementation: services.admin },
    { service: NamespaceService, implementation: services.namespace },
    { service: WorkflowScheduleService, implementation: services.schedule },
    { service: EventService, implementation: services.event },
    { service: ApiKeyService, implementation: services.apiKey },
    { service: HealthContract, implementation: createHealthService(health, CONTRACT) },
    { service: ServerReflection, implementation: reflection },
    { service: ServerReflectionAlpha, implementation: reflection },
  ];
}
