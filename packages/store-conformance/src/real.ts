import {
  type ClaimResult,
  type HistoryRecord,
  type Instant,
  KagziError,
  type Message,
  type NamespaceId,
  RUN_STATUSES,
  type Run,
  type RunId,
  type RunReference,
  type StartOutcome,
  type Store,
  type WriteOutcome,
  type RunWrite,
  decideOperation,
  explainRefusal,
} from "@kagzi/core";
import { type Call, type World } from "./oracle.ts";
import { LEASE_MS, STATS, assignAllTo } from "./making.ts";
import type { OracleRun } from "./oracle-run.ts";

/** Where runs of a test live: alone, so that a test sees no others. */
export interface Place {
  readonly store: Store;
  readonly namespaceId: NamespaceId;
  /** What time it is. */
  readonly now: Instant;
}

/** What all runs of a test are of. */
export const WORKFLOW = { taskQueue: "", workflowType: "greet", version: "1", priority: 0 } as const;

const MANY = 1000;

/** Makes a call, and says in the oracle's words what was answered. */
export async function ask(place: Place, call: Call): Promise<string> {
  const { namespaceId, store } = place;
  switch (call.do) {
    case "start":
      return startAnswer((await store.runs.start([call.start]))[0]);
    case "claim":
      return claimAnswer(
        await store.runs.claim({
          namespaceId,
          taskQueue: WORKFLOW.taskQueue,
          wanted: [
            {
              ...WORKFLOW,
              limit: MANY,
            },
          ],
          assign: assignAllTo(call.workerId),
        }),
      );
    case "write":
      return writeAnswer(call.write, (await store.runs.write([call.write]))[0]);
    case "release":
      await store.workers.release(namespaceId, [call.lease]);
      return "done";
    case "excuse":
      await store.workers.excuse(namespaceId, [call.lease]);
      return "done";
    case "heartbeat":
      return heartbeat(place, call.workerId);
    case "deregister":
      return String(await store.workers.deregister(namespaceId, call.workerId));
    case "hear":
      return hear(place, call.workerId);
    case "takeOver":
      return takeOver(place, call);
    case "operate":
      return operate(place, call.runId, call.operation);
    case "send": {
      const [told] = await store.inbox.send([{ namespaceId, runId: call.runId, message: call.message }]);
      return told?.status ?? "notFound";
    }
    case "rerun":
      return startAnswer(await store.runs.rerun(call.start, { ...call.source, namespaceId }));
    case "delete":
      return (await store.runs.delete([{ namespaceId, runId: call.runId }])).join(" ");
    case "unblock":
      return String(await store.runs.unblock(namespaceId, [WORKFLOW]));
    case "lapsed":
      return own(place, await store.workers.lapsed(MANY))
        .map(({ crashes, epoch, progressed, runId }) => `${runId} ${epoch} ${crashes} ${progressed}`)
        .toSorted()
        .join(", ");
    case "overdue":
      return own(place, await store.runs.overdue(MANY))
        .map(({ runId }) => runId)
        .toSorted()
        .join(" ");
    case "enable":
      await store.namespaces.update(namespaceId, { enabled: call.enabled });
      return "done";
  }
}

function own<Found extends RunReference>({ namespaceId }: Place, found: readonly Found[]): readonly Found[] {
  return found.filter((each) => each.namespaceId === namespaceId);
}

function startAnswer(outcome: StartOutcome | undefined): string {
  if (outcome?.became === "found") return `found ${outcome.runId} ${outcome.fingerprint}`;
  if (outcome?.became === "refused") return `refused ${outcome.because}`;
  return outcome?.claimed === true ? "started claimed" : "started";
}

function claimAnswer({ claimed, more, nextAt, overdue, refused }: ClaimResult): string {
  const runs = claimed.map(
    ({ lastSeq, run, sameWorker }) => `${run.runId} ${run.epoch} ${lastSeq}${sameWorker ? " again" : ""}`,
  );
  const late = overdue.toSorted().map((runId) => `overdue ${runId}`);
  const others = refused.length > 0 ? ["refused"] : more.map(() => "more");
  return [...runs.toSorted(), ...late, ...others, ...(nextAt === undefined ? [] : [`next ${nextAt}`])].join(", ");
}

function writeAnswer(write: RunWrite, outcome: WriteOutcome | undefined): string {
  if (outcome === undefined) return "no answer";
  if (outcome.became === "refused") return `refused ${explainRefusal(write, outcome.facts)}`;
  const dues = [...outcome.dueAt].map(([seq, at]) => ` due ${seq} ${at}`).join("");
  if (write.next === undefined) return `written${dues}`;
  return `written${dues} ${outcome.status}${outcome.wakeAt === undefined ? "" : ` wake ${outcome.wakeAt}`}`;
}

async function heartbeat(
  { namespaceId, store }: Place,
  workerId: Extract<Call, { do: "heartbeat" }>["workerId"],
): Promise<string> {
  const answer = await store.workers.heartbeat({ namespaceId, workerId }, LEASE_MS, STATS);
  if (answer === undefined) return "unknown";
  return answer.granted
    .map(({ cancelling, epoch, runId }) => `${runId} ${epoch}${cancelling ? " cancelling" : ""}`)
    .toSorted()
    .join(", ");
}

async function hear(
  { namespaceId, store }: Place,
  workerId: Extract<Call, { do: "hear" }>["workerId"],
): Promise<string> {
  const heard = await store.inbox.hear(namespaceId, [workerId], 1e9);
  return heard
    .map(({ cancelError, epoch, messages, pauseError, runId, signals }) => {
      const requests = `${cancelError === undefined ? "" : " cancel"}${pauseError === undefined ? "" : " pause"}`;
      return `${runId} ${epoch} ${signals}${requests} ${messages.map(idOf).join(" ")}`;
    })
    .toSorted()
    .join(", ");
}

async function takeOver(place: Place, { lease, takeover }: Extract<Call, { do: "takeOver" }>): Promise<string> {
  if (takeover.become === "failed") {
    return operate(place, lease.runId, { do: "end", status: "failed", error: takeover.error, epoch: lease.epoch });
  }
  const taken = await place.store.workers.takeOver([{ lease, takeover }]);
  return taken.length === 0 ? "left" : "taken";
}

async function operate(
  { namespaceId, store }: Place,
  runId: RunId,
  operation: Extract<Call, { do: "operate" }>["operation"],
): Promise<string> {
  try {
    const done = await store.runs.operate({ namespaceId, runId }, (run) => decideOperation(run, operation));
    if (done === undefined) return "notFound";
    return done.before === done.after ? "nothing" : "changed";
  } catch (error) {
    if (error instanceof KagziError && error.detail.code === "PRECONDITION_FAILED") return "refused";
    throw error;
  }
}

function idOf(message: Message): string {
  return message.kind === "event" ? message.messageId : message.childRunId;
}

/** A run with all that is known of it, in words. */
export type View = Readonly<Record<string, unknown>>;

/** Every run of a place as the store shows it. */
export async function viewOfStore({ namespaceId, store }: Place): Promise<Record<string, View>> {
  const runs = await store.runs.list({ namespaceId, statuses: RUN_STATUSES }, { limit: MANY });
  if (runs.length === 0) return {};
  const references = runs.map(({ runId }) => ({ namespaceId, runId, afterSeq: 0, after: 0 }));
  const histories = await store.history.read(references, 1e9);
  const inboxes = await store.inbox.read(references, 1e9);
  return Object.fromEntries(
    runs.map((run, place) => [
      run.runId,
      viewOfRun(run, histories[place]?.records ?? [], inboxes[place]?.messages ?? []),
    ]),
  );
}

function viewOfRun(run: Run, records: readonly HistoryRecord[], messages: readonly Message[]): View {
  const { attempt, crashes, createdAt, epoch, signals, status } = run;
  return {
    attempt,
    crashes,
    createdAt,
    epoch,
    signals,
    status,
    startedAt: run.startedAt,
    deadlineAt: run.deadlineAt,
    availableAt: "availableAt" in run ? run.availableAt : undefined,
    claimedAt: "claimedAt" in run ? run.claimedAt : undefined,
    finishedAt: "finishedAt" in run ? run.finishedAt : undefined,
    workerId: run.workerId,
    cancelling: run.cancelError?.code,
    pausing: run.pauseError?.code,
    parent: run.parent && `${run.parent.runId} ${run.parent.step} ${run.parent.awaited} ${run.parent.startedAs ?? ""}`,
    continuedFrom: run.continuedFrom,
    rerunOf: run.rerunOf,
    history: records.map((record, index) => {
      const due = record.dueAt === undefined ? "" : ` due ${record.dueAt}`;
      const step = `${record.kind} ${record.name}#${record.occurrence}`;
      const place = record.seq === index + 1 ? "" : `at ${record.seq}: `;
      return `${place}${step} ${record.type} ${record.attempt} by ${record.epoch} at ${record.recordedAt}${due}`;
    }),
    inbox: messages.map((message) => `${message.position} ${message.kind} ${idOf(message)}`),
  };
}

/** Every run of a place as the oracle has it. */
export function viewOfWorld(world: World): Record<string, View> {
  return Object.fromEntries(Object.values(world.runs).map((run) => [run.runId, viewOfOracle(run)]));
}

function viewOfOracle(run: OracleRun): View {
  const { attempt, crashes, createdAt, epoch, signals, status } = run;
  return {
    attempt,
    crashes,
    createdAt,
    epoch,
    signals,
    status,
    startedAt: run.startedAt,
    deadlineAt: run.deadlineAt,
    availableAt: run.availableAt,
    claimedAt: run.claimedAt,
    finishedAt: run.finishedAt,
    workerId: run.workerId,
    cancelling: run.cancelCode,
    pausing: run.pauseCode,
    parent: run.parent && `${run.parent.runId} ${run.parent.step} ${run.parent.awaited} ${run.parent.startedAs ?? ""}`,
    continuedFrom: run.continuedFrom,
    rerunOf: run.rerunOf,
    history: run.history.map((record) => {
      const due = record.dueAt === undefined ? "" : ` due ${record.dueAt}`;
      return `${record.step} ${record.type} ${record.attempt} by ${record.epoch} at ${record.recordedAt}${due}`;
    }),
    inbox: run.inbox.filter(({ taken }) => !taken).map(({ id, kind, position }) => `${position} ${kind} ${id}`),
  };
}
