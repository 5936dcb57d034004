// For tools that speak the contract itself, in its own messages; programs take `Client` and `Worker`.
export type { CallOptions } from "@connectrpc/connect";
export { type CallSettings, call } from "./calls.ts";
export { type Connection, type ServerOptions, connect } from "./connection.ts";
export { type Runtime, systemRuntime } from "./runtime.ts";
