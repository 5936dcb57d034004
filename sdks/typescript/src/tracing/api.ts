import { createRequire } from "node:module";
import type * as Otel from "@opentelemetry/api";

/** What `@opentelemetry/api` gives. */
export type TraceApi = typeof Otel;

/** Where every copy of that package looks for what was registered in this process. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

let loaded: TraceApi | null | undefined;

/**
 * The API of OpenTelemetry, if this process has set up tracing; else nothing is loaded and nothing is done. The package is
 * the user's own: the SDK works without it.
 */
export function traceApi(): TraceApi | undefined {
  if (Reflect.get(globalThis, REGISTERED) === undefined) return undefined;
  if (loaded === undefined) loaded = load();
  return loaded ?? undefined;
}

function load(): TraceApi | null {
  try {
    // At once: code that starts a run does not wait for it, and no turn of the event loop is added.
    return createRequire(import.meta.url)("@opentelemetry/api") as TraceApi;
  } catch {
    return null;
  }
}

/** Under which name the spans are found. */
const SCOPE = "kagzi";

export function tracerOf(api: TraceApi): Otel.Tracer {
  return api.trace.getTracer(SCOPE);
}
