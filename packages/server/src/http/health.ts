import type { DescService } from "@bufbuild/protobuf";
import { notFound } from "@kagzi/core";
import { type Health as HealthContract, ServingStatus } from "@kagzi/proto/grpc";
import type { Service } from "../rpc/service.ts";

/** Whether the server can do its work. */
export interface Serving {
  readonly isServing: boolean;
  /** Calls `listener` whenever that changes; answers with a way to stop. */
  onChange(listener: () => void): () => void;
}

/** The health contract of gRPC: one answer for the server as a whole and for each of its services. */
export function createHealthService(
  serving: Serving,
  services: readonly DescService[],
): Service<typeof HealthContract> {
  const names = new Set(["", ...services.map((service) => service.typeName)]);
  const status = () => (serving.isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  return {
    async check({ service }) {
      if (!names.has(service)) throw notFound("service", service);
      return { status: status() };
    },

    async list() {
      return { statuses: Object.fromEntries(Array.from(names, (name) => [name, { status: status() }])) };
    },

    async *watch({ service }, { signal }) {
      const isKnown = names.has(service);
      const now = () => (isKnown ? status() : ServingStatus.SERVICE_UNKNOWN);
      for (let told: ServingStatus | undefined; !signal.aborted;) {
        if (told !== now()) yield { status: (told = now()) };
        await changeOrEnd(serving, signal, told, now);
      }
    },
  };
}

/** Resolves when the status is another than was told, or when the caller has gone. */
function changeOrEnd(
  serving: Serving,
  signal: AbortSignal,
  told: ServingStatus | undefined,
  now: () => ServingStatus,
): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (now() === told && !signal.aborted) return;
      stop();
      signal.removeEventListener("abort", check);
      resolve();
    };
    const stop = serving.onChange(check);
    signal.addEventListener("abort", check);
    check();
  });
}
