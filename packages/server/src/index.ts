export type { AuthMode } from "./door/door.ts";
export { ApiKeys, type CreatedKey, type KeyRequest } from "./engine/api-keys.ts";
export { type EngineConfig, DEFAULT_CONFIG } from "./engine/config.ts";
export type { EngineOptions } from "./engine/engine.ts";
export { type Env, systemEnv } from "./engine/env.ts";
export { type Log, silentLog } from "./engine/log.ts";
export { EngineMetrics } from "./engine/metrics.ts";
export type { TlsFiles } from "./http/tls.ts";
export { toConnectError } from "./rpc/errors.ts";
export type { Services } from "./rpc/services.ts";
export type { Service } from "./rpc/service.ts";
export {
  type RunningEngine,
  type RunningServer,
  type ServerOptions,
  isLoopback,
  startEngine,
  startServer,
} from "./server.ts";
export { SERVER_VERSION } from "./version.ts";
