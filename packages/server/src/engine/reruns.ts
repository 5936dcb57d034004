import {
  type HistoryRecord,
  KagziError,
  type Payload,
  type RunId,
  type RunReference,
  SCHEDULE_INPUT,
  formatStepKey,
  notFound,
  parseStepKey,
} from "@kagzi/core";
import type { Runs } from "./runs.ts";
import type { StartAnswer, Starts } from "./starts.ts";

/** A new run that begins with recorded steps of another one. */
export interface RerunRequest extends RunReference {
  readonly newRunId?: RunId;
  /** The first step that is run anew, as `charge` or `charge#2`; absent: all of them are. */
  readonly fromStep?: string;
  /** Instead of the input of the first run. */
  readonly input?: Payload;
  readonly externalId?: string;
}

/**
 * Starts a run again from one of its steps, as a new run. What had come to its end before that step was first asked for
 * is taken over; a cancellation is not.
 * @throws KagziError `NOT_FOUND` for the run or the step; what a start throws
 */
export async function rerun(runs: Runs, starts: Starts, request: RerunRequest): Promise<StartAnswer> {
  const { namespaceId, runId } = request;
  const { input, run } = await runs.get({ namespaceId, runId });
  const { fromStep } = request;
  const history = fromStep === undefined ? [] : await runs.history({ namespaceId, runId });
  if (request.input !== undefined && fromStep !== undefined && isToBeMade(input)) throw notReplaceable(runId);
  const beforeSeq = fromStep === undefined ? 2 : firstOf(history, fromStep, runId);
  const given = request.input ?? (await madeInput(runs, request, input));
  const start = await starts.prepare({
    namespaceId,
    taskQueue: run.taskQueue,
    workflowType: run.workflowType,
    version: run.version,
    priority: run.priority,
    delayMs: 0,
    ...(request.newRunId !== undefined && { runId: request.newRunId }),
    ...(request.externalId !== undefined && { externalId: request.externalId }),
    ...(given !== undefined && { input: given }),
    ...(run.retryPolicy !== undefined && { retryPolicy: run.retryPolicy }),
    ...(run.timeoutMs !== undefined && { timeoutMs: run.timeoutMs }),
  });
  return starts.rerun(start, { namespaceId, runId, beforeSeq });
}

/**
 * The input that a run was given. Where its schedule says that a worker makes it, that is what was recorded of it; a run that
 * takes recorded steps over has that among them.
 */
async function madeInput(
  runs: Runs,
  { fromStep, namespaceId, runId }: RerunRequest,
  input: Payload | undefined,
): Promise<Payload | undefined> {
  if (!isToBeMade(input)) return input;
  const history = await runs.history({ namespaceId, runId });
  const made = history.find(({ name, type }) => name === SCHEDULE_INPUT.step && type === "completed");
  if (made === undefined) {
    throw new KagziError(
      "PRECONDITION_FAILED",
      `the input of run ${runId} was to be made by its schedule, and was not: rerun it with an input`,
      { subject: "run", subjectId: runId },
    );
  }
  return fromStep === undefined || fromStep === SCHEDULE_INPUT.step ? made.payload : input;
}

function isToBeMade(input: Payload | undefined): boolean {
  return input?.metadata["content-type"] === SCHEDULE_INPUT.contentType;
}

function notReplaceable(runId: RunId): KagziError {
  return new KagziError(
    "INVALID_ARGUMENT",
    `the input of run ${runId} was made by its schedule and is one of its steps: rerun it without from_step to give another`,
    { subject: "run", subjectId: runId },
  );
}

/** The record with which a step began. */
function firstOf(history: readonly HistoryRecord[], step: string, runId: RunId): number {
  const wanted = formatStepKey(parseStepKey(step));
  const cancelling = history.find((record) => record.type === "cancelling");
  const found = history.find((record) => record.kind !== "run" && formatStepKey(record) === wanted);
  if (found === undefined) throw notFound("step", `${runId}/${step}`, "kagzi run show lists the steps of a run");
  if (cancelling !== undefined && cancelling.seq < found.seq) {
    throw new KagziError(
      "PRECONDITION_FAILED",
      `step ${JSON.stringify(step)} of run ${runId} was part of its clean-up: rerun from a step before the cancellation`,
      { subject: "step", subjectId: `${runId}/${step}` },
    );
  }
  return found.seq;
}
