import { errorCodeOf } from "@kagzi/core";
import type { Engine } from "../engine/engine.ts";
import type { Call } from "./service.ts";
import type { Services } from "./services.ts";

/** Calls that last for as long as a worker does. */
const STREAMS = new Set(["work"]);

type Unary = (request: object, call: Call) => Promise<unknown>;

/** The services, with how long each call takes and what it comes to. */
export function withMetrics(services: Services, { context }: Pick<Engine, "context">): Services {
  const measured = Object.entries(services).map(([name, service]) => [name, measuredService(service, context)]);
  return Object.fromEntries(measured) as Services;
}

function measuredService(service: object, { env, metrics }: Engine["context"]): object {
  const calls = Object.entries(service).map(([name, method]: [string, Unary]) => {
    if (STREAMS.has(name)) return [name, method];
    const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const call: Unary = async (request, about) => {
      const begin = env.now();
      let code = "OK";
      try {
        return await method(request, about);
      } catch (error) {
        code = errorCodeOf(error) ?? "INTERNAL";
        throw error;
      } finally {
        metrics.calls.of(label, code).observe((env.now() - begin) / 1000);
      }
    };
    return [name, call];
  });
  return Object.fromEntries(calls) as object;
}
