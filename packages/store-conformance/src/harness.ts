import {
  type ClaimedRun,
  type Command,
  type Instant,
  type LapsedLease,
  type NamespaceId,
  type NewMessage,
  type NewWorker,
  type Operation,
  type Outcome,
  type Payload,
  type RunDetail,
  type RunId,
  type RunWrite,
  type Start,
  type StartOutcome,
  type Store,
  type WorkerId,
  type WriteOutcome,
  decideOperation,
  decideTakeover,
  planUpdate,
} from "@kagzi/core";
import { expect } from "vitest";
import { DEFAULT, LEASE_MS, assignAllTo, newId, workerOf } from "./making.ts";

export { DEFAULT, LEASE_MS, STATS, assignAllTo } from "./making.ts";

/** How the suite gets at a kind of store. */
export interface StoreHarness {
  readonly name: string;
  /** A new store, migrated and empty, in a place of its own that is not the default one. */
  open(clock: () => Instant): Promise<Store>;
  /** A second server on the same place; absent where only one can be. */
  openSecond?(store: Store, clock: () => Instant): Promise<Store>;
  /** Word of other servers does not reach the store, which is reached in a way that lets none through. The second one hears. */
  readonly isDeaf?: boolean;
}

/** A store with a clock that stands still, and short ways to the states that tests begin in. */
export class Fixture {
  readonly store: Store;
  readonly clock: { now: Instant };

  constructor(store: Store, clock: { now: Instant }) {
    this.store = store;
    this.clock = clock;
  }

  newId(): string {
    return newId();
  }

  /** A start as a client would ask for it, with what a test changes of it. */
  newStart(change: Partial<Start> & { readonly externalId?: string; readonly fingerprint?: string } = {}): Start {
    const { externalId, fingerprint = "same", ...rest } = change;
    return {
      namespaceId: DEFAULT,
      runId: this.newId() as RunId,
      taskQueue: "",
      workflowType: "greet",
      version: "1",
      priority: 0,
      delayMs: 0,
      ...(externalId !== undefined && { key: { externalId, fingerprint } }),
      ...rest,
    };
  }

  async start(change: Parameters<Fixture["newStart"]>[0] = {}): Promise<RunId> {
    const start = this.newStart(change);
    const [outcome] = await this.store.runs.start([start]);
    expect(outcome).toMatchObject({ became: "started" });
    return start.runId;
  }

  async register(change: Partial<NewWorker> = {}): Promise<WorkerId> {
    const worker = workerOf(change);
    await this.store.workers.register(worker, LEASE_MS);
    return worker.workerId;
  }

  /** Claims what is ready of the workflow `greet`, all of it for one worker. */
  async claim(
    workerId: WorkerId,
    limit = 100,
    change: { readonly namespaceId?: NamespaceId; readonly aheadMs?: number } = {},
  ) {
    return this.store.runs.claim({
      namespaceId: DEFAULT,
      taskQueue: "",
      wanted: [{ workflowType: "greet", version: "1", limit }],
      assign: assignAllTo(workerId),
      ...change,
    });
  }

  /** Starts a run and claims it. */
  async running(
    change: Parameters<Fixture["newStart"]>[0] = {},
  ): Promise<ClaimedRun & { readonly workerId: WorkerId }> {
    const workerId = await this.register();
    const runId = await this.start(change);
    const { claimed } = await this.claim(workerId);
    const run = claimed.find((each) => each.run.runId === runId);
    if (run === undefined) throw new Error("the run was not claimed");
    return { ...run, workerId };
  }

  /** Writes what a worker says of a run it holds. `lastSeq` is how many records it knows. */
  async write(
    held: Pick<ClaimedRun, "run" | "lastSeq">,
    commands: readonly Command[],
    outcome?: Outcome,
  ): Promise<WriteOutcome> {
    const [result] = await this.store.runs.write([this.plan(held, commands, outcome)]);
    if (result === undefined) throw new Error("no answer to a write");
    return result;
  }

  plan(held: Pick<ClaimedRun, "run" | "lastSeq">, commands: readonly Command[], outcome?: Outcome): RunWrite {
    const { namespaceId, runId, epoch } = held.run;
    const update = { commands, ...(outcome !== undefined && { outcome }) };
    return planUpdate({ namespaceId, runId, epoch, afterSeq: held.lastSeq }, held.run, update, () => 0);
  }

  /** Does something to a run that somebody else may hold. Whether it changed anything. */
  async operate(runId: RunId, operation: Operation): Promise<boolean> {
    const done = await this.store.runs.operate({ namespaceId: DEFAULT, runId }, (run) =>
      decideOperation(run, operation),
    );
    if (done === undefined) throw new Error(`run ${runId} is not there`);
    return done.before !== done.after;
  }

  /** Takes lapsed leases back, as a server does. Answers with those taken. */
  async takeBack(lapsed: readonly LapsedLease[]): Promise<readonly RunId[]> {
    const taken: RunId[] = [];
    for (const lease of lapsed) {
      const takeover = decideTakeover(lease, 0.5);
      if (takeover.become === "pending") taken.push(...(await this.store.workers.takeOver([{ lease, takeover }])));
      else if (await this.operate(lease.runId, { do: "end", status: "failed", ...lease, ...takeover }))
        taken.push(lease.runId);
    }
    return taken;
  }

  async get(runId: RunId, namespaceId = DEFAULT): Promise<RunDetail> {
    const [detail] = await this.store.runs.get([{ namespaceId, runId }]);
    if (detail === undefined) throw new Error(`run ${runId} is not there`);
    return detail;
  }

  async messages(runId: RunId, after = 0) {
    const [page] = await this.store.inbox.read([{ namespaceId: DEFAULT, runId, after }], 1e9);
    return page?.messages ?? [];
  }

  /** What a worker hears. */
  async hear(workerId: WorkerId) {
    return this.store.inbox.hear(DEFAULT, [workerId], 1e9);
  }

  async history(runId: RunId) {
    const [page] = await this.store.history.read([{ namespaceId: DEFAULT, runId, afterSeq: 0 }], 1e9);
    return page?.records ?? [];
  }
}

/** The outcome of a step, as a worker reports it. */
export function completed(name: string, output?: Payload, occurrence = 1): Command {
  return { name, occurrence, do: "completeStep", attempt: 1, ...(output !== undefined && { output }) };
}

export function json(value: unknown): Payload {
  return {
    data: new TextEncoder().encode(JSON.stringify(value)),
    metadata: { "content-type": "application/json" },
  };
}

/** An event as a message. */
export function eventOf(name: string, change: Partial<Extract<NewMessage, { kind: "event" }>> = {}): NewMessage {
  return { kind: "event", name, messageId: name, payload: json(name), ...change };
}

/** The bytes of a payload, whatever class of array the driver made of them. */
export function bytesOf(payload: Payload | undefined): number[] | undefined {
  return payload && [...payload.data];
}

export function began(outcome: StartOutcome | undefined): boolean {
  return outcome?.became === "started";
}
