import {
  type ClaimedRun,
  type Command,
  type Outcome,
  type RunId,
  type RunStatus,
  type WorkerId,
  decideTakeover,
  isTerminal,
} from "@kagzi/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, completed } from "./harness.ts";

/** How many sequences of operations are made. */
const SEQUENCES = 300;

/** Something that happens to a store. Numbers choose among what is there. */
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("start" as const), delayMs: fc.constantFrom(0, 0, 500) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("claim" as const), worker: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("step" as const), holder: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("behind" as const), holder: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("leave" as const),
      holder: fc.nat(),
      become: fc.constantFrom("completed" as const, "failed" as const, "released" as const, "parked" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), run: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("heartbeat" as const), worker: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(100, 1000, LEASE_MS - 500, LEASE_MS, LEASE_MS + 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeOver" as const) }) },
);

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** Any sequence of operations leaves a store in the state that a simple model says, stale and late writers included. */
export function describeModel(fixture: () => Fixture): void {
  describe("whatever happens in whatever order", () => {
    it("each run is as a simple model says", async () => {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (operations) => {
          const model = new Model(fixture(), `model-${++count}`);
          await model.begin();
          for (const each of operations) await model.apply(each);
          await model.finish();
        }),
        { numRuns: SEQUENCES, endOnFailure: true },
      );
    }, 120_000);
  });
}

interface ModelRun {
  readonly runId: RunId;
  status: RunStatus;
  epoch: number;
  /** Records of its history. */
  seq: number;
  /** When it may be claimed. */
  availableAt: number;
  workerId?: WorkerId;
}

/** What a worker believes that it holds; it may be wrong. */
interface Holder {
  readonly run: ClaimedRun["run"];
  lastSeq: number;
}

class Model {
  readonly #f: Fixture;
  readonly #taskQueue: string;
  readonly #runs = new Map<RunId, ModelRun>();
  readonly #workers = new Map<WorkerId, { expiresAt: number }>();
  readonly #holders: Holder[] = [];
  #steps = 0;

  constructor(f: Fixture, taskQueue: string) {
    this.#f = f;
    this.#taskQueue = taskQueue;
  }

  async begin(): Promise<void> {
    for (let n = 0; n < 2; n++) {
      const workerId = await this.#f.register({ taskQueue: this.#taskQueue });
      this.#workers.set(workerId, { expiresAt: this.#now + LEASE_MS });
    }
  }

  async apply(operation: Operation): Promise<void> {
    switch (operation.do) {
      case "start":
        return this.#start(operation.delayMs);
      case "claim":
        return this.#claim(operation.worker);
      case "step":
        return this.#write(operation.holder, [completed(`step-${++this.#steps}`)]);
      case "behind":
        return this.#writeBehind(operation.holder);
      case "leave":
        return this.#write(operation.holder, [], this.#outcome(operation.become));
      case "end":
        return this.#end(operation.run);
      case "heartbeat":
        return this.#heartbeat(operation.worker);
      case "wait":
        this.#f.clock.now += operation.ms;
        return undefined;
      case "takeOver":
        return this.#takeOver();
    }
  }

  /** Compares every run, and ends those that have not ended, so that they are nobody else's. */
  async finish(): Promise<void> {
    for (const expected of this.#runs.values()) {
      const { run } = await this.#f.get(expected.runId);
      const { epoch, seq, status } = expected;
      expect({ status: run.status, epoch: run.epoch }).toEqual({ status, epoch });
      expect(await this.#f.history(expected.runId)).toHaveLength(seq);
      await this.#f.operate(expected.runId, END);
    }
  }

  get #now(): number {
    return this.#f.clock.now;
  }

  async #start(delayMs: number): Promise<void> {
    const runId = await this.#f.start({ taskQueue: this.#taskQueue, delayMs });
    this.#runs.set(runId, { runId, status: "pending", epoch: 0, seq: 1, availableAt: this.#now + delayMs });
  }

  async #claim(choice: number): Promise<void> {
    const workerId = this.#worker(choice);
    const { claimed, refused } = await this.#f.store.runs.claim({
      namespaceId: DEFAULT,
      taskQueue: this.#taskQueue,
      wanted: [{ workflowType: "greet", version: "1", limit: 100 }],
      assign: (candidates) => candidates.map(({ runId }) => ({ runId, workerId })),
    });
    const ready = [...this.#runs.values()].filter((run) => isReady(run, this.#now));
    const isHeardOf = this.#expiry(workerId) >= this.#now;
    expect(new Set(claimed.map(({ run }) => run.runId))).toEqual(
      new Set(isHeardOf ? ready.map(({ runId }) => runId) : []),
    );
    expect(refused).toEqual(isHeardOf || ready.length === 0 ? [] : [workerId]);
    for (const { lastSeq, run } of claimed) {
      const known = this.#known(run.runId);
      expect([run.epoch, lastSeq]).toEqual([known.epoch + 1, known.seq]);
      Object.assign(known, { status: "running", epoch: run.epoch, workerId });
      this.#holders.push({ run, lastSeq });
    }
  }

  /** A write is taken if its writer holds the run and knows all of its history, and else changes nothing. */
  async #write(choice: number, commands: readonly Command[], outcome?: Outcome): Promise<void> {
    const holder = pick(this.#holders, choice);
    if (holder === undefined) return;
    const run = this.#known(holder.run.runId);
    const isTaken = run.status === "running" && run.epoch === holder.run.epoch && run.seq === holder.lastSeq;
    const { became } = await this.#f.write(holder, commands, outcome);
    expect(became).toBe(isTaken ? "written" : "refused");
    if (!isTaken) return;
    run.seq += commands.length;
    holder.lastSeq = run.seq;
    if (outcome !== undefined) this.#leave(run, outcome);
  }

  #leave(run: ModelRun, outcome: Outcome): void {
    switch (outcome.become) {
      case "parked":
        Object.assign(run, { status: "sleeping", availableAt: outcome.wakeAt });
        break;
      case "released":
        Object.assign(run, { status: "pending", availableAt: this.#now });
        break;
      default:
        Object.assign(run, { status: outcome.become, seq: run.seq + 1 });
    }
  }

  async #writeBehind(choice: number): Promise<void> {
    const holder = pick(this.#holders, choice);
    if (holder === undefined) return;
    const { became } = await this.#f.write({ ...holder, lastSeq: holder.lastSeq - 1 }, [completed("behind")]);
    expect(became).toBe("refused");
  }

  async #end(choice: number): Promise<void> {
    const run = pick([...this.#runs.values()], choice);
    if (run === undefined) return;
    const isOpen = !isTerminal(run.status);
    expect(await this.#f.operate(run.runId, END)).toBe(isOpen);
    if (isOpen) Object.assign(run, { status: "cancelled", seq: run.seq + 1 });
  }

  async #heartbeat(choice: number): Promise<void> {
    const workerId = this.#worker(choice);
    const answer = await this.#f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, STATS);
    const held = [...this.#runs.values()].filter((run) => run.status === "running" && run.workerId === workerId);
    expect(new Set(answer?.granted.map(({ epoch, runId }) => `${runId} ${epoch}`))).toEqual(
      new Set(held.map(({ epoch, runId }) => `${runId} ${epoch}`)),
    );
    this.#workers.set(workerId, { expiresAt: this.#now + LEASE_MS });
  }

  async #takeOver(): Promise<void> {
    const lapsed = await this.#f.store.workers.lapsed(1000);
    const expected = [...this.#runs.values()].filter(
      (run) => run.status === "running" && run.workerId !== undefined && this.#expiry(run.workerId) < this.#now,
    );
    expect(new Set(lapsed.map(({ runId }) => runId))).toEqual(new Set(expected.map(({ runId }) => runId)));
    const takeovers = lapsed.map((lease) => ({ lease, takeover: decideTakeover(lease, 0.5) }));
    const taken = await this.#f.takeBack(lapsed);
    expect(taken).toHaveLength(lapsed.length);
    for (const { lease, takeover } of takeovers) {
      const run = this.#known(lease.runId);
      if (takeover.become === "failed") Object.assign(run, { status: "failed", seq: run.seq + 1 });
      else Object.assign(run, { status: "pending", availableAt: this.#now + takeover.afterMs });
    }
  }

  #outcome(become: "completed" | "failed" | "released" | "parked"): Outcome {
    if (become === "parked") return { become, wakeAt: this.#now + 500 };
    if (become === "failed") return { become, error: { code: "INTERNAL", message: "no", nonRetryable: true } };
    return { become };
  }

  #worker(choice: number): WorkerId {
    return pick([...this.#workers.keys()], choice) as WorkerId;
  }

  #expiry(workerId: WorkerId): number {
    return this.#workers.get(workerId)?.expiresAt ?? 0;
  }

  #known(runId: RunId): ModelRun {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new Error(`run ${runId} is not of this model`);
    return run;
  }
}

function isReady({ availableAt, status }: ModelRun, now: number): boolean {
  return (status === "pending" || status === "sleeping") && availableAt <= now;
}

const END = {
  do: "end",
  status: "cancelled",
  error: { code: "CANCELLED", message: "ended", nonRetryable: true },
} as const;

function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items.length === 0 ? undefined : items[choice % items.length];
}
