import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Command,
  KagziError,
  type Outcome,
  type RunId,
  checkInteger,
  checkNamespaceId,
  checkRunId,
  checkWorkerId,
} from "@kagzi/core";
import {
  type Command as WireCommand,
  type CompleteStepCommand,
  type FailRun,
  type FailStepCommand,
  type HeldRun,
  RunAck_Result as Result,
  type RunAckSchema,
  type RunUpdate,
  type TaskSchema,
  type WorkRequest,
  type WorkResponseSchema,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import type { Task, UpdateAnswer, WorkerSession } from "../engine/session.ts";
import { RECORD_TYPE, fromTimestamp, fromWireError, fromWirePolicy, given, givenTime, toTimestamp } from "./convert.ts";
import { toErrorDetail } from "./errors.ts";
import { toWireRecord } from "./history.ts";
import { Outbox } from "./outbox.ts";

/**
 * A worker's stream: tasks down, what became of them up, many in a message. It ends when the worker closes its side,
 * when another stream of the same worker takes its place, or when the server closes. The worker's runs stay its own.
 */
export async function* work(
  engine: Engine,
  requests: AsyncIterable<WorkRequest>,
  signal: AbortSignal,
): AsyncIterable<MessageInitShape<typeof WorkResponseSchema>> {
  const incoming = requests[Symbol.asyncIterator]();
  const outbox = new Outbox();
  const first = await incoming.next();
  const session = await open(engine, first, outbox);
  const reading = read({ engine, session, outbox }, first, incoming);
  signal.addEventListener("abort", () => outbox.end(), { once: true });
  try {
    for await (const parts of outbox) yield { ...parts, now: toTimestamp(engine.context.clock.now()) };
  } finally {
    engine.workers.close(session);
    outbox.end();
    // The reader ends with the stream; what it still has in flight is written, and answered to nobody.
    void reading;
  }
}

async function open(engine: Engine, first: IteratorResult<WorkRequest>, outbox: Outbox): Promise<WorkerSession> {
  const hello = first.done === true ? undefined : first.value.hello;
  if (hello === undefined) {
    throw new KagziError("INVALID_ARGUMENT", "the first message of Work must say hello: who the worker is");
  }
  const worker = {
    namespaceId: checkNamespaceId(hello.namespaceId),
    workerId: checkWorkerId(hello.workerId),
    held: hello.held.map(leaseOf),
  };
  return engine.workers.open(worker, {
    give: (tasks) => outbox.push({ tasks: tasks.map(toWireTask) }),
    cancel: (runIds) => outbox.push({ cancelRunIds: [...runIds] }),
    drain: () => outbox.push({ drain: true }),
    end: () => outbox.end(),
  });
}

/** One end of a worker's stream. */
interface StreamEnd {
  readonly engine: Engine;
  readonly session: WorkerSession;
  readonly outbox: Outbox;
}

/** The first message may have updates too: those that a stream before this one was not answered. */
async function read(
  end: StreamEnd,
  first: IteratorResult<WorkRequest>,
  incoming: AsyncIterator<WorkRequest>,
): Promise<void> {
  const { outbox, session } = end;
  try {
    for (let next = first; next.done !== true; next = await incoming.next()) {
      session.draining ||= next.value.drain;
      for (const update of next.value.updates) void reply(end, update);
    }
    outbox.end();
  } catch (error) {
    outbox.fail(error);
  }
}

async function reply({ engine, session, outbox }: StreamEnd, update: RunUpdate): Promise<void> {
  try {
    const held = {
      namespaceId: session.namespaceId,
      runId: checkRunId(update.runId),
      epoch: update.epoch,
      afterSeq: checkInteger("after_seq", update.afterSeq, 0, 2 ** 31 - 1),
    };
    const outcome = toOutcome(update);
    const plan = { commands: update.commands.map(toCommand), ...(outcome !== undefined && { outcome }) };
    outbox.push({ acks: [toWireAck(await engine.updates.apply(session, held, plan))] });
  } catch (error) {
    const { epoch } = update;
    outbox.push({ acks: [toWireAck({ runId: update.runId as RunId, epoch, result: "rejected", error })] });
  }
}

/** A lease as the wire names it. */
export function leaseOf({ runId, epoch }: HeldRun) {
  return { runId: checkRunId(runId), epoch };
}

function toCommand(command: WireCommand): Command {
  const { stepName: name, occurrence, observedAt } = command;
  const about = { name, occurrence, ...given("observedAt", observedAt && fromTimestamp(observedAt)) };
  const { case: kind, value } = command.command;
  switch (kind) {
    case "completeStep":
      return { ...about, do: "completeStep", ...attemptOf(value), ...given("output", value.output) };
    case "failStep":
      return { ...about, do: "failStep", ...attemptOf(value), error: fromWireError(value.error), ...policyOf(value) };
    case "startSleep":
      if (value.until.case === "at")
        return { ...about, do: "startSleep", due: { at: fromTimestamp(value.until.value) } };
      return { ...about, do: "startSleep", due: { afterMs: Number(value.until.value ?? 0n) } };
    case "completeSleep":
      return { ...about, do: "completeSleep", startedSeq: value.startedSeq };
    default:
      throw new KagziError("INVALID_ARGUMENT", `a command for step ${JSON.stringify(name)} says nothing to do`);
  }
}

function attemptOf({ attempt, durationMs, input }: CompleteStepCommand | FailStepCommand) {
  return { attempt, durationMs: Math.max(0, Number(durationMs)), ...given("input", input) };
}

function policyOf({ retryPolicy }: FailStepCommand | FailRun) {
  return given("policy", retryPolicy && fromWirePolicy(retryPolicy));
}

function toOutcome(update: RunUpdate): Outcome | undefined {
  const { case: kind, value } = update.outcome;
  switch (kind) {
    case "park":
      return { become: "parked", ...given("wakeAt", value.wakeUpAt && fromTimestamp(value.wakeUpAt)) };
    case "complete":
      return { become: "completed", ...given("output", value.output) };
    case "fail":
      return { become: "failed", error: fromWireError(value.error), ...policyOf(value) };
    case "release":
      return { become: "released" };
    case "block":
      return { become: "blocked", error: fromWireError(value.error) };
    default:
      return undefined;
  }
}

function toWireTask({ held, history, lastSeq }: Task): MessageInitShape<typeof TaskSchema> {
  return {
    runId: held.runId,
    epoch: held.epoch,
    workflowType: held.workflowType,
    version: held.version,
    attempt: held.attempt,
    ...given("externalId", held.externalId),
    lastSeq,
    history: history.map(toWireRecord),
  };
}

function toWireAck(answer: UpdateAnswer): MessageInitShape<typeof RunAckSchema> {
  const { runId, epoch } = answer;
  switch (answer.result) {
    case "ok":
      return {
        runId,
        epoch,
        result: Result.OK,
        seq: answer.seq,
        decisions: answer.decisions.map(({ seq, type, dueAt }) => ({
          seq,
          type: RECORD_TYPE[type],
          ...givenTime("dueAt", dueAt),
        })),
      };
    case "leaseLost":
      return { runId, epoch, result: Result.LEASE_LOST };
    case "reload":
      return { runId, epoch, result: Result.RELOAD };
    default:
      return { runId, epoch, result: Result.REJECTED, error: toErrorDetail(answer.error) };
  }
}
