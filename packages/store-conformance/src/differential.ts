import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type Instant, KagziError, type NamespaceId, type Store, type WorkerId } from "@kagzi/core";
import * as fc from "fast-check";
import { Actors, type Choice, KINDS, type Kind } from "./acting.ts";
import { type Call, type World, answerOf, newWorld } from "./oracle.ts";
import { LEASE_MS, newId, workerOf } from "./making.ts";
import { type Place, ask, viewOfStore, viewOfWorld } from "./real.ts";

/** A store, the clock that it goes by, and how to lose the connection to it. */
export interface Subject {
  readonly store: Store;
  readonly clock: { now: Instant };
  /** Loses the connection in the course of a call: before its commit, after it, or whenever it happens. Absent: answers are lost. */
  readonly lose?: (when: Loss, call: () => Promise<unknown>) => Promise<unknown>;
}

const LOSSES = ["before", "after", "sometime"] as const;
export type Loss = (typeof LOSSES)[number];

/** One in so many calls is lost. */
const CALLS_PER_LOSS = 20;

const HIDDEN: ReadonlySet<Call["do"]> = new Set(["hear", "heartbeat", "deregister", "enable"]);

/** How often what was answered, by the call and the answer. */
export type Coverage = Map<string, number>;

/** A sequence of choices, and where something is lost. */
export type Sequence = readonly (Choice & { readonly loss: number })[];

/** Sequences of things that happen, which shrink to shorter ones. */
export function sequences(maxLength: number): fc.Arbitrary<Sequence> {
  const kinds = Object.entries(KINDS).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Kind), weight }));
  const number = fc.nat(999);
  const choice = fc.record(
    { kind: fc.oneof(...kinds), one: number, two: number, loss: fc.nat(CALLS_PER_LOSS * LOSSES.length - 1) },
    { noNullPrototype: true },
  );
  return fc.array(choice, { maxLength, size: "max" });
}

/** Plays sequences on a store and on the oracle. After each call the answer and all that the store shows must be the same. */
export class Differential {
  readonly coverage: Coverage = new Map();
  /** Calls that were made, and those whose answer or connection was lost. */
  calls = 0;
  losses = 0;
  readonly #subject: Subject;
  /** What the store was last seen to show. */
  #seen: Views | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** @throws an assertion that fails, at the first difference */
  async play(sequence: Sequence): Promise<void> {
    const { clock, store } = this.#subject;
    const namespaceId = `model-${newId()}` as NamespaceId;
    await store.namespaces.create(namespaceId, "");
    const world = newWorld(clock.now);
    const workers = [newId(), newId()] as WorkerId[];
    for (const workerId of workers) {
      await store.workers.register(workerOf({ namespaceId, workerId }), LEASE_MS);
      world.workers[workerId] = clock.now + LEASE_MS;
    }
    const actors = new Actors(namespaceId, workers, newId);
    this.#seen = undefined;
    for (const choice of sequence) {
      const calls = actors.callsOf(world, choice);
      clock.now = world.now;
      for (const call of calls) {
        await this.#call({ world, actors, namespaceId, call, loss: choice.loss });
      }
    }
    await this.#finish(world, namespaceId);
  }

  async #call(act: {
    readonly world: World;
    readonly actors: Actors;
    readonly namespaceId: NamespaceId;
    readonly call: Call;
    readonly loss: number;
  }): Promise<void> {
    const { actors, call, loss, namespaceId, world } = act;
    const { clock, store } = this.#subject;
    const place = { store, namespaceId, now: clock.now };
    const when = loss < LOSSES.length ? LOSSES[loss] : undefined;
    if (when !== undefined) {
      this.losses += 1;
      this.#seen = undefined;
      await this.#lose(place, world, call, when);
      actors.learn(world, call);
    }
    const before = this.#seen ?? viewOfWorld(world);
    const expected = answerOf(world, call);
    const actual = await ask(place, call);
    this.calls += 1;
    strictEqual(`${nameOf(call)}: ${actual}`, `${nameOf(call)}: ${expected}`);
    actors.learn(world, call);
    const after = viewOfWorld(world);
    await compare(place, after);
    this.#seen = after;
    count(this.coverage, `${nameOf(call)}: ${classOf(call, expected, !isSame(before, after))}`);
  }

  /** Makes a call whose answer nobody hears; what comes next is the same call again. */
  async #lose(place: Place, world: World, call: Call, when: Loss): Promise<void> {
    const { lose } = this.#subject;
    const made = structuredClone(world);
    answerOf(made, call);
    if (lose === undefined) {
      if (when === "before") return;
      await ask(place, call);
      Object.assign(world, made);
      return compare(place, viewOfWorld(world));
    }
    // Of what shows in no run it cannot be seen whether it was done.
    const loss = when === "sometime" && HIDDEN.has(call.do) ? "after" : when;
    await lose(loss, () => ask(place, call)).catch((error: unknown) => {
      if (!(error instanceof KagziError && error.detail.code === "UNAVAILABLE")) throw error;
    });
    const seen = await viewOfStore(place);
    if (loss === "after" || (loss === "sometime" && !isSame(seen, viewOfWorld(world)))) Object.assign(world, made);
    check(seen, viewOfWorld(world));
  }

  /** Leaves nothing behind that other sequences would find. */
  async #finish(world: World, namespaceId: NamespaceId): Promise<void> {
    const { clock, store } = this.#subject;
    const place = { store, namespaceId, now: clock.now };
    strictEqual(await ask(place, { do: "overdue" }), answerOf(world, { do: "overdue" }));
    const runs = Object.values(world.runs);
    for (const { runId } of runs) {
      const error = { code: "CANCELLED", message: "the end", nonRetryable: true } as const;
      await ask(place, { do: "operate", runId, operation: { do: "end", status: "cancelled", error } });
    }
    await store.runs.delete(runs.map(({ runId }) => ({ namespaceId, runId })));
    check(await viewOfStore(place), {});
    // Workers are marked, and then forgotten.
    clock.now += LEASE_MS + 1;
    await store.workers.sweep(0);
    await store.workers.sweep(0);
  }
}

async function compare(place: Place, expected: Views): Promise<void> {
  check(await viewOfStore(place), expected);
}

/** What the store shows is what the oracle has. */
function check(seen: Views, expected: Views): void {
  // Keys that say nothing make no difference.
  if (!isSame(seen, expected)) deepStrictEqual(JSON.parse(JSON.stringify(seen)), JSON.parse(JSON.stringify(expected)));
}

type Views = ReturnType<typeof viewOfWorld>;

function isSame(one: Views, other: Views): boolean {
  const ids = Object.keys(one);
  if (ids.length !== Object.keys(other).length) return false;
  return ids.every((id) => JSON.stringify(one[id]) === JSON.stringify(other[id]));
}

export function nameOf(call: Call): string {
  if (call.do === "operate") return call.operation.do;
  if (call.do === "write") return `write ${call.write.next?.status ?? ""}`.trim();
  return call.do;
}

/** What kind of answer it is: done, nothing to do, or refused and why. */
function classOf(call: Call, answer: string, hasChanged: boolean): string {
  if (call.do === "claim" && answer.includes("overdue")) return "overdue";
  if (call.do === "claim" && answer.includes("refused")) return "refused";
  if (answer.startsWith("refused")) return answer;
  if (answer === "notFound" || answer === "started claimed" || answer === "left") return answer;
  if (answer.startsWith("found")) return "found";
  const isRead = call.do === "lapsed" || call.do === "overdue" || call.do === "hear" || call.do === "heartbeat";
  return hasChanged || call.do === "enable" || (isRead && answer !== "") ? "done" : "nothing";
}

export function count(coverage: Coverage, what: string): void {
  coverage.set(what, (coverage.get(what) ?? 0) + 1);
}
