import { type JsonValue, fromJson } from "@bufbuild/protobuf";
import { HistoryRecordSchema } from "@kagzi/proto";
import type { Connection } from "../connection.ts";
import { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import { type PayloadCodec, Payloads } from "../payload/codec.ts";
import type { Runtime } from "../runtime.ts";
import type { Workflow } from "../workflow.ts";
import { Execution } from "./execution.ts";
import { ServerClock } from "./server-clock.ts";
import { toReplayRecord } from "./task.ts";
import { WorkerMetrics } from "./worker-metrics.ts";

/** The history of a run, as JSON: to be kept in a file, and replayed by a test. */
export interface ExportedHistory {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly namespace: string;
  readonly externalId?: string;
  readonly scheduleId?: string;
  /** ISO 8601. */
  readonly scheduledAt?: string;
  readonly attempt: number;
  /** In the JSON form of `kagzi.v1.HistoryRecord`. */
  readonly records: readonly JsonValue[];
}

/** Turns of the event loop that code gets which does nothing but ask for steps. */
const TURNS = 5;

/**
 * Replays a history with a workflow's code: nothing is executed, nothing is recorded. Resolves if the code asks for what
 * is recorded, in an order that fits.
 * @throws KagziError `NONDETERMINISM` with the difference, as a worker would find it
 */
export async function replayHistory<Input, Output>(
  definition: Workflow<Input, Output>,
  history: ExportedHistory,
  options: { readonly codec?: PayloadCodec } = {},
): Promise<void> {
  const records = history.records.map((record) => toReplayRecord(fromJson(HistoryRecordSchema, record)));
  const timers = new Set<() => void>();
  const execution = new Execution(hostOf(history, timers, options.codec), definition, taskOf(history), records);
  execution.start();
  await letRun(execution);
  // Whoever still waits for the code to ask for what is recorded has waited long enough.
  for (const run of timers) run();
  await letRun(execution);
  const outcome = execution.updates.take()?.outcome;
  execution.drop(() => new KagziError("CANCELLED", "the replay is over"));
  if (outcome?.case !== "block" || outcome.value.error === undefined) return;
  throw fromErrorDetail(outcome.value.error as Parameters<typeof fromErrorDetail>[0]);
}

async function letRun(execution: Execution): Promise<void> {
  for (let turns = 0; turns < TURNS && execution.state === "running"; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function taskOf({ attempt, externalId, records, runId, scheduleId, version, workflow, ...rest }: ExportedHistory) {
  const scheduledAt = rest.scheduledAt === undefined ? undefined : new Date(rest.scheduledAt);
  const schedule = scheduleId === undefined ? undefined : { id: scheduleId, scheduledAt };
  const about = { runId, epoch: 1, workflow, version, attempt, externalId, schedule };
  return { ...about, lastSeq: records.length, history: [], signals: [], readyAt: 0 };
}

function hostOf({ namespace }: ExportedHistory, timers: Set<() => void>, codec: PayloadCodec | undefined) {
  const runtime: Runtime = {
    now: () => 0,
    random: () => 0.5,
    setTimer: (_ms, run) => {
      timers.add(run);
      return () => timers.delete(run);
    },
  };
  return {
    // What is asked for beyond the history is never begun: nobody is called, and no slot is ever given.
    connection: { workers: { acquireSlot: () => new Promise<never>(() => {}) } } as unknown as Connection,
    runtime,
    clock: new ServerClock(runtime),
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    namespace,
    payloads: new Payloads(codec),
    retry: undefined,
    metrics: new WorkerMetrics(),
    intercept: () => new Promise<never>(() => {}),
    // Which ones its worker declared is not part of a history.
    limits: { has: () => true },
    isSure: () => true,
    send: ignore,
  };
}

function ignore(): void {}
