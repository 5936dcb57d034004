import {
  type ClaimedRun,
  type Command,
  KagziError,
  type Outcome,
  type RunId,
  type WorkerId,
  decideTakeover,
} from "@kagzi/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, completed, eventOf } from "./harness.ts";
import { type Effect, ENDED, ModelRun, OPERATIONS } from "./model-run.ts";

/** How many sequences of operations are made. */
const SEQUENCES = 300;

/** How a worker leaves a run. */
const LEAVES = ["completed", "failed", "cancelled", "released", "blocked", "sleeping", "waiting", "knowing"] as const;

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
      become: fc.constantFrom(...LEAVES),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("operate" as const),
      run: fc.nat(),
      as: fc.constantFrom("cancel" as const, "end" as const, "pause" as const, "resume" as const, "retry" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), run: fc.nat(), message: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("giveBack" as const), holder: fc.nat() }) },
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
        return this.#write(operation.holder, [], operation.become);
      case "giveBack":
        return this.#giveBack(operation.holder);
      case "operate":
        return this.#operate(operation.run, operation.as);
      case "send":
        return this.#send(operation.run, `message-${operation.message}`);
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
      const { attempt, epoch, seq, signals, status } = expected;
      expect(run).toMatchObject({ attempt, epoch, signals, status });
      expect(await this.#f.history(expected.runId)).toHaveLength(seq);
      await this.#f.operate(expected.runId, OPERATIONS.end);
    }
  }

  get #now(): number {
    return this.#f.clock.now;
  }

  async #start(delayMs: number): Promise<void> {
    const runId = await this.#f.start({ taskQueue: this.#taskQueue, delayMs });
    this.#runs.set(runId, new ModelRun(runId, this.#now + delayMs));
  }

  async #claim(choice: number): Promise<void> {
    const workerId = this.#worker(choice);
    const { claimed, refused } = await this.#f.store.runs.claim({
      namespaceId: DEFAULT,
      taskQueue: this.#taskQueue,
      wanted: [{ workflowType: "greet", version: "1", limit: 100 }],
      assign: (candidates) => candidates.map(({ runId }) => ({ runId, workerId })),
    });
    const ready = [...this.#runs.values()].filter((run) => run.isReady(this.#now));
    const isHeardOf = this.#expiry(workerId) >= this.#now;
    expect(new Set(claimed.map(({ run }) => run.runId))).toEqual(
      new Set(isHeardOf ? ready.map(({ runId }) => runId) : []),
    );
    expect(refused).toEqual(isHeardOf || ready.length === 0 ? [] : [workerId]);
    for (const { lastSeq, run } of claimed) {
      const known = this.#known(run.runId);
      expect([run.epoch, lastSeq]).toEqual([known.epoch + 1, known.seq]);
      known.claim(workerId);
      this.#holders.push({ run, lastSeq });
    }
  }

  /** A write is taken if its writer holds the run and knows all of its history, and else changes nothing. */
  async #write(choice: number, commands: readonly Command[], leave?: (typeof LEAVES)[number]): Promise<void> {
    const holder = pick(this.#holders, choice);
    if (holder === undefined) return;
    const outcome = leave && this.#outcome(leave, holder.run.signals);
    const run = this.#known(holder.run.runId);
    const isHeld = run.status === "running" && run.epoch === holder.run.epoch && run.seq === holder.lastSeq;
    const isTaken = isHeld && run.allows(outcome);
    const { became } = await this.#f.write(holder, commands, outcome);
    expect(became).toBe(isTaken ? "written" : "refused");
    if (!isTaken) return;
    run.seq += commands.length;
    holder.lastSeq = run.seq;
    if (outcome !== undefined) run.leave(outcome, this.#now);
  }

  async #writeBehind(choice: number): Promise<void> {
    const holder = pick(this.#holders, choice);
    if (holder === undefined) return;
    const { became } = await this.#f.write({ ...holder, lastSeq: holder.lastSeq - 1 }, [completed("behind")]);
    expect(became).toBe("refused");
  }

  /** As a server does with runs that a worker has no room for, or no longer knows. */
  async #giveBack(choice: number): Promise<void> {
    const holder = pick(this.#holders, choice);
    if (holder === undefined) return;
    await this.#f.store.workers.release(DEFAULT, [holder.run]);
    const run = this.#known(holder.run.runId);
    if (run.status === "running" && run.epoch === holder.run.epoch) run.giveBack(this.#now);
  }

  async #operate(choice: number, name: keyof typeof OPERATIONS): Promise<void> {
    const run = pick([...this.#runs.values()], choice);
    if (run === undefined) return;
    const effect = await this.#f.operate(run.runId, OPERATIONS[name]).then(
      (hasChanged): Effect => (hasChanged ? "changed" : "nothing"),
      (error: unknown): Effect => {
        if (error instanceof KagziError && error.detail.code === "PRECONDITION_FAILED") return "refused";
        throw error;
      },
    );
    expect(effect).toBe(run.operate(name, this.#now));
  }

  async #send(choice: number, messageId: string): Promise<void> {
    const run = pick([...this.#runs.values()], choice);
    if (run === undefined) return;
    const message = eventOf("news", { messageId });
    await this.#f.store.inbox.send([{ namespaceId: DEFAULT, runId: run.runId, message }]);
    run.receive(messageId, this.#now);
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
      if (takeover.become === "failed") run.leave({ become: "failed", error: takeover.error }, this.#now);
      else run.giveBack(this.#now + takeover.afterMs);
    }
  }

  #outcome(leave: (typeof LEAVES)[number], signals: number): Outcome {
    const wakeAt = this.#now + 500;
    switch (leave) {
      case "sleeping":
        return { become: "parked", wakeAt };
      case "waiting":
        return { become: "parked", wakeAt, signals, forMessages: true };
      case "knowing":
        return { become: "parked", signals, forMessages: true };
      case "failed":
      case "cancelled":
        return { become: leave, error: ENDED };
      case "blocked":
        return { become: leave, error: { code: "NONDETERMINISM", message: "other code", nonRetryable: true } };
      default:
        return { become: leave };
    }
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

function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items.length === 0 ? undefined : items[choice % items.length];
}
