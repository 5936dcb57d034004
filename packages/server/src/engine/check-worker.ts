import {
  KagziError,
  LIMITS,
  type NewWorker,
  checkInteger,
  checkLimits,
  checkName,
  checkOptionalName,
  checkWaitMs,
} from "@kagzi/core";
import { checkInputSchema } from "./input-schemas.ts";

function checkEventNames(workflowType: string, names: readonly string[]): void {
  const what = `an event that starts ${JSON.stringify(workflowType)}`;
  checkInteger(
    `the number of events that start ${JSON.stringify(workflowType)}`,
    names.length,
    0,
    LIMITS.eventsPerWorkflow,
  );
  for (const name of names) checkName(`the name of ${what}`, name);
  if (new Set(names).size < names.length) throw new KagziError("INVALID_ARGUMENT", `${what} is named twice`);
}

/** @throws KagziError `INVALID_ARGUMENT` for a worker that cannot be registered as it says it is */
export function checkWorker(worker: Omit<NewWorker, "workerId">): void {
  checkOptionalName("a task queue", worker.taskQueue);
  checkInteger("the number of workflows", worker.workflows.length, 1, LIMITS.workflowsPerWorker);
  for (const offered of worker.workflows) {
    const { limits, on = [], timeoutMs, workflowType, version } = offered;
    // The name first: the others quote it.
    checkName("the name of a workflow", workflowType);
    checkInputSchema(offered);
    if (limits !== undefined) checkLimits(`workflow ${JSON.stringify(workflowType)}`, limits);
    checkEventNames(workflowType, on);
    checkName("a version", version);
    if (timeoutMs !== undefined) checkWaitMs(`the timeout of ${JSON.stringify(workflowType)}`, timeoutMs);
  }
  checkInteger("max_concurrent", worker.maxConcurrent, 1, LIMITS.maxConcurrent);
  checkInteger("the pid", worker.pid, -(2 ** 31), 2 ** 31 - 1);
  const ofQueue = worker.queueConcurrencyLimit;
  if (ofQueue !== undefined) checkInteger("queue_concurrency_limit", ofQueue, -(2 ** 31), 2 ** 31 - 1);
  checkOptionalName("the hostname", worker.hostname);
  checkOptionalName("the version of the worker", worker.version);
  const labels = Object.entries(worker.labels);
  checkInteger("the number of labels", labels.length, 0, LIMITS.labels);
  for (const [key, value] of labels) {
    checkName("the name of a label", key);
    checkOptionalName(`the label ${JSON.stringify(key)}`, value);
  }
  for (const [workflowType, limit] of Object.entries(worker.workflowTypeConcurrency)) {
    checkName("a workflow_type of workflow_type_concurrency", workflowType);
    checkInteger(`the concurrency of ${JSON.stringify(workflowType)}`, limit, 1, LIMITS.maxConcurrent);
  }
}
