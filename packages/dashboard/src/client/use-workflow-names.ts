import { useNamespace } from "../app/namespace.tsx";
import { api } from "./api.ts";
import { useLive } from "./use-live.ts";

const EVERY_MS = 15_000;
const WORKERS = 200;

/** The workflows that workers which are online, or were, have; by name. */
export function useWorkflowNames(): readonly string[] {
  const namespaceId = useNamespace();
  const { value = [] } = useLive({
    key: namespaceId,
    load: async (signal) => {
      const { workers } = await api.admin.listWorkers({ namespaceId, page: { pageSize: WORKERS } }, { signal });
      return [...new Set(workers.flatMap((worker) => worker.workflowTypes))].sort();
    },
    every: EVERY_MS,
  });
  return value;
}
