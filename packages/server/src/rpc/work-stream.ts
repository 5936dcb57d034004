import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  KagziError,
  type Message,
  type RunId,
  type Signals,
  checkInteger,
  checkNamespaceId,
  checkRunId,
  checkWorkerId,
} from "@kagzi/core";
import {
  type HeldRun,
  type InboxMessageSchema,
  RunAck_Result as Result,
  type RunAckSchema,
  type RunSignalsSchema,
  type RunUpdate,
  type TaskSchema,
  type WorkRequest,
  type WorkResponseSchema,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import type { Task, UpdateAnswer, WorkerSession } from "../engine/session.ts";
import { toActivity, toCommand, toOutcome } from "./commands.ts";
import { RECORD_TYPE, given, givenTime, toTimestamp } from "./convert.ts";
import { toErrorDetail, toWireError } from "./errors.ts";
import { toWireRecord } from "./history.ts";
import { Outbox } from "./outbox.ts";
import { payloadBytesOf } from "./payload-bytes.ts";
import { Room } from "./room.ts";

/** What there is room for on a stream, up and down, in commits of the largest size. */
const COMMITS_WAITING = 4;

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
  const { commitBytes, commitItems } = engine.context.config;
  const room = { items: COMMITS_WAITING * commitItems, bytes: COMMITS_WAITING * commitBytes };
  const unapplied = new Room(room);
  const outbox = new Outbox(new Room(room));
  const first = await incoming.next();
  const session = await open(engine, first, outbox);
  outbox.room.watch((isFull) => engine.workers.crowd(session, isFull));
  const reading = read({ engine, session, outbox, unapplied }, first, incoming);
  signal.addEventListener("abort", () => outbox.end(), { once: true });
  try {
    for await (const parts of outbox) yield { ...parts, now: toTimestamp(engine.context.clock.now()) };
  } finally {
    engine.workers.close(session);
    outbox.end();
    unapplied.close();
    outbox.room.close();
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
    signal: (signals) => outbox.push({ signals: signals.map(toWireSignals) }),
    drop: (runIds) => outbox.push({ cancelRunIds: [...runIds] }),
    drain: () => outbox.push({ drain: true }),
    room: () => outbox.room.free(),
    end: () => outbox.end(),
  });
}

/** One end of a worker's stream. */
interface StreamEnd {
  readonly engine: Engine;
  readonly session: WorkerSession;
  readonly outbox: Outbox;
  /** For updates that came and are not answered yet. */
  readonly unapplied: Room;
}

/** The first message may have updates too: those that a stream before this one was not answered. */
async function read(
  end: StreamEnd,
  first: IteratorResult<WorkRequest>,
  incoming: AsyncIterator<WorkRequest>,
): Promise<void> {
  const { outbox, session, unapplied } = end;
  try {
    for (let next = first; next.done !== true; next = await incoming.next()) {
      session.draining ||= next.value.drain;
      for (const update of next.value.updates) void reply(end, update);
      // What is not read stays with the worker, once the windows of the connection are full.
      await unapplied.free();
      await outbox.room.free();
    }
    outbox.end();
  } catch (error) {
    outbox.fail(error);
  }
}

async function reply({ engine, session, outbox, unapplied }: StreamEnd, update: RunUpdate): Promise<void> {
  const bytes = updateBytes(update);
  unapplied.add(1, bytes);
  try {
    const held = {
      namespaceId: session.namespaceId,
      runId: checkRunId(update.runId),
      epoch: update.epoch,
      afterSeq: checkInteger("after_seq", update.afterSeq, 0, 2 ** 31 - 1),
    };
    const outcome = toOutcome(update);
    const plan = {
      commands: update.commands.map(toCommand),
      ...given("outcome", outcome),
      ...given("progress", update.progress),
      closesChildren: update.closesChildren,
      ...given("activity", update.activity && toActivity(update.activity)),
    };
    outbox.push({ acks: [toWireAck(await engine.updates.apply(session, held, plan))] });
  } catch (error) {
    const { epoch } = update;
    outbox.push({ acks: [toWireAck({ runId: update.runId as RunId, epoch, result: "rejected", error })] });
  } finally {
    unapplied.remove(1, bytes);
  }
}

function updateBytes({ commands, outcome }: RunUpdate): number {
  return commands.reduce((bytes, { command }) => bytes + payloadBytesOf(command.value), payloadBytesOf(outcome.value));
}

/** A lease as the wire names it. */
export function leaseOf({ runId, epoch }: HeldRun) {
  return { runId: checkRunId(runId), epoch };
}

function toWireTask({ held, history, lastSeq, readyAt, signals }: Task): MessageInitShape<typeof TaskSchema> {
  return {
    runId: held.runId,
    epoch: held.epoch,
    workflowType: held.workflowType,
    version: held.version,
    attempt: held.attempt,
    ...given("externalId", held.externalId),
    lastSeq,
    history: history.map(toWireRecord),
    ...given("signals", signals && toWireSignals(signals)),
    ...given("parentRunId", held.parent?.runId),
    ...given("scheduleId", held.scheduleId),
    ...givenTime("scheduledAt", held.scheduledAt),
    ...givenTime("readyAt", readyAt),
  };
}

function toWireSignals(signals: Signals): MessageInitShape<typeof RunSignalsSchema> {
  const { cancelError, epoch, messages, more, pauseError, runId } = signals;
  return {
    runId,
    epoch,
    count: signals.signals,
    messages: messages.map(toWireMessage),
    more,
    ...given("cancel", cancelError && toWireError(cancelError)),
    release: pauseError !== undefined,
  };
}

function toWireMessage(message: Message): MessageInitShape<typeof InboxMessageSchema> {
  const { error, payload, position } = message;
  return {
    position,
    ...(message.kind === "event"
      ? { name: message.name, key: message.key ?? "" }
      : { childRunId: message.childRunId, ...given("error", error && toWireError(error)) }),
    ...given("payload", payload),
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
        decisions: answer.decisions.map(({ dueAt, error, seq, type }) => ({
          seq,
          type: RECORD_TYPE[type],
          ...givenTime("dueAt", dueAt),
          ...given("error", error && toWireError(error)),
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
