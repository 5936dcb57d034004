import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type Command,
  type ErrorDetail,
  type NamespaceId,
  type Operation,
  type Outcome,
  type RunId,
  type Start,
  type WorkerId,
  decideTakeover,
  planUpdate,
} from "@kagzi/core";
import type { Subject } from "./differential.ts";
import { LEASE_MS, newId, workerOf } from "./making.ts";
import { type Call, type World, answerOf, newWorld } from "./oracle.ts";
import { type Place, WORKFLOW, ask, viewOfStore, viewOfWorld } from "./real.ts";

const ENOUGH: ErrorDetail = { code: "CANCELLED", message: "enough", nonRetryable: true };
const BROKEN: ErrorDetail = { code: "INTERNAL", message: "broken", nonRetryable: true };
const OTHER_CODE: ErrorDetail = { code: "NONDETERMINISM", message: "other code", nonRetryable: true };

/** One run with a parent that waits for it, as a store has it and as the oracle has it. */
export class Stage {
  readonly world: World;
  readonly namespaceId: NamespaceId = `stage-${newId()}` as NamespaceId;
  /** The run that it is about, its parent, the workers that hold the two, and a third one. */
  readonly runId: RunId = newId() as RunId;
  readonly parentId: RunId = newId() as RunId;
  readonly workers: readonly [WorkerId, WorkerId, WorkerId] = [newId(), newId(), newId()] as [
    WorkerId,
    WorkerId,
    WorkerId,
  ];
  readonly #subject: Subject;

  private constructor(subject: Subject) {
    this.#subject = subject;
    this.world = newWorld(subject.clock.now);
  }

  /** The run is started, by a parent that is parked until it ends. */
  static async open(subject: Subject): Promise<Stage> {
    const stage = new Stage(subject);
    const { namespaceId, parentId, workers, world } = stage;
    await subject.store.namespaces.create(namespaceId, "");
    for (const workerId of workers) {
      await subject.store.workers.register(workerOf({ namespaceId, workerId }), LEASE_MS);
      world.workers[workerId] = subject.clock.now + LEASE_MS;
    }
    const start = { ...WORKFLOW, namespaceId, runId: parentId, delayMs: 0 };
    await stage.call({ do: "start", start });
    await stage.call({ do: "claim", workerId: workers[0] });
    await stage.call({ do: "start", start: stage.start() });
    await stage.call(
      stage.write({ commands: [], runId: parentId, outcome: { become: "parked", signals: 0, forMessages: true } }),
    );
    return stage;
  }

  /** Makes a call on both, and holds one answer against the other. */
  async call(call: Call): Promise<void> {
    const expected = answerOf(this.world, call);
    strictEqual(await ask(this.#place(), call), expected);
  }

  /** What the store shows is what the oracle has. */
  async look(): Promise<void> {
    deepStrictEqual(plain(await viewOfStore(this.#place())), plain(viewOfWorld(this.world)));
  }

  #place(): Place {
    const { clock, store } = this.#subject;
    return { store, namespaceId: this.namespaceId, now: clock.now };
  }

  /** Time goes by. */
  pass(ms: number): void {
    this.#subject.clock.now += ms;
    this.world.now = this.#subject.clock.now;
  }

  start(change: Partial<Start> = {}): Start {
    const { namespaceId, parentId, runId } = this;
    const parent = { runId: parentId, step: "child", awaited: true };
    return {
      ...WORKFLOW,
      namespaceId,
      runId,
      delayMs: 0,
      key: { externalId: "key", fingerprint: "print" },
      parent,
      ...change,
    };
  }

  /** What the worker that holds a run, or held it last, says of it. */
  write(said: {
    readonly commands: readonly Command[];
    readonly outcome?: Outcome;
    readonly runId?: RunId;
    readonly epochsAgo?: number;
  }): Call {
    const { commands, epochsAgo = 0, outcome, runId = this.runId } = said;
    const run = this.world.runs[runId];
    const { attempt = 1, epoch = 0, history = [], parent } = run ?? {};
    const held = { namespaceId: this.namespaceId, runId, epoch: epoch - epochsAgo, afterSeq: history.length };
    const about = { attempt, ...(parent !== undefined && { parent }) };
    const update = { commands, ...(outcome !== undefined && { outcome }) };
    return { do: "write", write: planUpdate(held, about, update, () => 0) };
  }
}

function plain(view: unknown): unknown {
  return JSON.parse(JSON.stringify(view));
}

type Build = (stage: Stage) => Promise<void>;

const claimed: Build = (stage) => stage.call({ do: "claim", workerId: stage.workers[1] });

/** Has a worker claim the run and leave it so. */
function left(outcome: (stage: Stage) => Outcome): Build {
  return async (stage) => {
    await claimed(stage);
    await stage.call(stage.write({ commands: [step("first")], outcome: outcome(stage) }));
  };
}

/** Does something to the run as it is then. */
function then(build: Build, ...acts: readonly Act[]): Build {
  return async (stage) => {
    await build(stage);
    for (const act of acts) await stage.call(ACTS[act](stage));
  };
}

function step(name: string): Command {
  return { name, occurrence: 1, do: "completeStep", attempt: 1 };
}

function operation(change: Operation): (stage: Stage) => Call {
  return ({ runId }) => ({ do: "operate", runId, operation: change });
}

/** What anybody may do to the run. Calls are made by what is true when they are asked for. */
export const ACTS = {
  start: (stage) => ({ do: "start", start: stage.start() }),
  "start another with its key": (stage) => ({ do: "start", start: stage.start({ runId: newId() as RunId }) }),
  "start a child": (stage) => {
    const parent = { runId: stage.runId, step: "grandchild", awaited: true };
    const { key: _, ...start } = stage.start({ runId: newId() as RunId, parent });
    return { do: "start", start };
  },
  claim: ({ workers }) => ({ do: "claim", workerId: workers[2] }),
  "write a step": (stage) => {
    return stage.write({ commands: [step(`step ${stage.world.runs[stage.runId]?.history.length}`)] });
  },
  "write under an older lease": (stage) => stage.write({ commands: [step("late")], epochsAgo: 1 }),
  "park under an older lease": (stage) => {
    return stage.write({ commands: [], outcome: { become: "parked", signals: 9, forMessages: true }, epochsAgo: 1 });
  },
  "complete under an older lease": (stage) => {
    return stage.write({ commands: [], outcome: { become: "completed" }, epochsAgo: 1 });
  },
  complete: (stage) => stage.write({ commands: [], outcome: { become: "completed" } }),
  fail: (stage) => stage.write({ commands: [], outcome: { become: "failed", error: BROKEN } }),
  park: (stage) => {
    const signals = stage.world.runs[stage.runId]?.signals ?? 0;
    return stage.write({ commands: [], outcome: { become: "parked", signals, forMessages: true } });
  },
  "go on as another": (stage) => {
    const { key: _, parent, ...start } = stage.start({ runId: newId() as RunId, continuedFrom: stage.runId });
    const next = { ...start, ...(parent !== undefined && { parent: { ...parent, startedAs: stage.runId } }) };
    return stage.write({ commands: [], outcome: { become: "continued", start: next } });
  },
  release: ({ runId, world }) => ({ do: "release", lease: { runId, epoch: world.runs[runId]?.epoch ?? 0 } }),
  "speak of a lost lease": ({ runId, world }) => ({
    do: "excuse",
    lease: { runId, epoch: (world.runs[runId]?.epoch ?? 1) - 1 },
  }),
  heartbeat: ({ workers }) => ({ do: "heartbeat", workerId: workers[1] }),
  deregister: ({ workers }) => ({ do: "deregister", workerId: workers[1] }),
  hear: ({ workers }) => ({ do: "hear", workerId: workers[1] }),
  "take over": ({ namespaceId, runId, world }) => {
    const { crashes = 1, epoch = 0 } = world.runs[runId] ?? {};
    const lease = { namespaceId, runId, epoch, crashes, progressed: false };
    return { do: "takeOver", lease, takeover: decideTakeover(lease, 0.5) };
  },
  cancel: operation({ do: "cancel", error: ENOUGH, graceMs: 5000 }),
  end: operation({ do: "end", status: "cancelled", error: ENOUGH }),
  pause: operation({ do: "pause", error: ENOUGH }),
  resume: operation({ do: "resume" }),
  retry: operation({ do: "retry" }),
  unblock: () => ({ do: "unblock" }),
  send: ({ runId }) => ({ do: "send", runId, message: { kind: "event", name: "news", messageId: "one" } }),
  "tell the parent": ({ parentId, runId }) => ({
    do: "send",
    runId: parentId,
    message: { kind: "child", childRunId: runId },
  }),
  delete: ({ runId }) => ({ do: "delete", runId }),
  rerun: (stage) => {
    const { key: _, parent: __, ...start } = stage.start({ runId: newId() as RunId });
    return { do: "rerun", start, source: { runId: stage.runId, beforeSeq: 3 } };
  },
} as const satisfies Record<string, (stage: Stage) => Call>;

export type Act = keyof typeof ACTS;

/** The states in which the run may be. */
export const STATES = {
  pending: async () => {},
  running: claimed,
  "running again": then(claimed, "release", "claim"),
  "running with a message": then(claimed, "send"),
  "to be paused": then(claimed, "pause"),
  "to be cancelled": then(claimed, "cancel"),
  lapsed: async (stage) => {
    await claimed(stage);
    stage.pass(LEASE_MS + 1);
  },
  "given back": then(claimed, "release"),
  sleeping: left(({ world }) => ({ become: "parked", wakeAt: world.now + 500 })),
  waiting: left(() => ({ become: "parked", signals: 0, forMessages: true })),
  paused: then(async () => {}, "pause"),
  blocked: left(() => ({ become: "blocked", error: OTHER_CODE })),
  completed: left(() => ({ become: "completed" })),
  failed: left(() => ({ become: "failed", error: BROKEN })),
  cancelled: then(claimed, "end"),
  deleted: then(claimed, "end", "delete"),
} as const satisfies Record<string, Build>;

export type State = keyof typeof STATES;
