import { MAX_CRASHES } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { findBreaches } from "./check.ts";
import type { ChaosEntry } from "./entries.ts";
import type { RecordedRun } from "./recorded.ts";
import { LEASE_MS, type Story, goodStory, linesOf } from "./story.ts";

/** Forges a story in place. Answers with the index from which on it happens later, if there is one. */
type Forgery = (story: Story) => number | void;

const FORGERIES: readonly (readonly [what: string, rule: string, forge: Forgery])[] = [
  [
    "a process that ended by itself",
    "A0",
    ({ entries }) => void entries.push({ kind: "surprise", by: "worker-1", what: "ended" }),
  ],
  ["a run that is gone", "A1", ({ recorded }) => remove(recorded.runs, ({ run }) => run === "mailbox")],
  ["a run that has not ended", "A1", ({ recorded }) => change(recorded.runs, "order", { status: "running" })],
  [
    "a run that was given up though only servers were ended",
    "A1",
    ({ entries, recorded }) => {
      change(recorded.runs, "order", { status: "failed", error: "POISON" });
      entries.push(...killed("server-1"));
    },
  ],
  ["a run that failed", "A1", ({ recorded }) => change(recorded.runs, "order", { status: "failed", error: "POISON" })],
  ["a cancelled run that went on", "A1", ({ recorded }) => change(recorded.runs, "long", { status: "completed" })],
  [
    "a run that nobody started",
    "A2",
    ({ entries }) => remove(entries, ({ kind, ...line }) => kind === "start" && Reflect.get(line, "key") === "c0-1"),
  ],
  ["a second run of a key", "A2", ({ recorded }) => again(recorded.runs, "mailbox")],
  ["a second child", "A2", ({ recorded }) => again(recorded.runs, "link")],
  ["a second run of an event", "A2", ({ recorded }) => again(recorded.runs, "echo")],
  ["a second next generation", "A2", ({ recorded }) => again(recorded.runs, "generation-2")],
  [
    "a result that nobody returned",
    "A3",
    ({ entries }) => remove(entries, (line) => line.kind === "ret" && line.step === "two"),
  ],
  ["the result of another step", "A3", ({ recorded }) => swap(recorded.runs, "order", "left", "right")],
  ["two results of a step", "A3", ({ recorded }) => doubled(recorded.runs, "order", "one")],
  ["a step that saw what is not recorded", "A4", ({ entries }) => saw(entries, "three", ["nonce-else"])],
  [
    "an output of other results",
    "A5",
    ({ recorded }) => change(recorded.runs, "order", { output: { saw: ["nonce-1"], heard: ["go c0-0"] } }),
  ],
  [
    "a chain that lost a generation's result",
    "A5",
    ({ recorded }) => change(recorded.runs, "generation-4", { output: { saw: ["nonce-11"], heard: [] } }),
  ],
  [
    "a client that was given something else",
    "A5",
    ({ entries }) => answer(entries, "order", { saw: ["nonce-1"], heard: [] }),
  ],
  [
    "a client that was told of another end",
    "A5",
    ({ entries }) => void entries.push({ kind: "ackResult", run: "long", status: "completed" }),
  ],
  ["an event that is gone", "A6", ({ recorded }) => remove(recorded.events, ({ id }) => id === "c0-1 note 2")],
  [
    "an event that is kept twice",
    "A6",
    ({ recorded }) => void recorded.events.push({ id: "c0-1 note 2", name: "note", key: "c0-1", taken: 1 }),
  ],
  ["an event that two runs took", "A6", ({ recorded }) => taken(recorded.events, "c0-1 note 1", 2)],
  ["an event that nobody took", "A6", ({ recorded }) => taken(recorded.events, "c0-1 note 1", 0)],
  [
    "an event that nobody sent",
    "A6",
    ({ recorded }) => void recorded.events.push({ id: "x", name: "note", key: "x", taken: 1 }),
  ],
  ["events that came in another order", "A6", ({ recorded }) => hear(recorded.runs, "mailbox", [2, 1, 3])],
  ["an event that came twice", "A6", ({ recorded }) => hear(recorded.runs, "mailbox", [1, 2, 2])],
  ["an event that says something else", "A6", ({ recorded }) => hear(recorded.runs, "listener", ["nonce-1"])],
  ["an event that started nothing", "A6", ({ recorded }) => remove(recorded.runs, ({ run }) => run === "echo")],
  ["a slot without a run", "A7", ({ recorded }) => remove(recorded.runs, ({ run }) => run === "tick-2")],
  ["a slot with two runs", "A7", ({ recorded }) => change(recorded.runs, "tick-3", { scheduledAt: 2000 })],
  [
    "a run of a slot that is not decided",
    "A7",
    ({ recorded }) => change(recorded.runs, "tick-3", { scheduledAt: 9000 }),
  ],
  ["a step after a cancellation", "A8", ({ entries }) => entries.push(exec("long", "long-2", 1)) - 1],
  ["a step after the end, by one who was cut off, that is kept", "A8", stolen],
  [
    "a step that was executed again for nothing",
    "A9",
    ({ entries }) => void entries.splice(3, 0, exec("order", "one", 1)),
  ],
  ["a step of a killed worker that went on too late", "A10", abandoned],
];

describe("the check of the chaos tests", () => {
  it("finds nothing where nothing is wrong", () => {
    expect(breaches(goodStory())).toEqual([]);
  });

  it.each(FORGERIES)("finds %s: %s", (_, rule, forge) => {
    const story = goodStory();
    const late = forge(story) ?? story.entries.length;
    expect(breaches(story, late).map((each) => each.split(":")[0])).toContain(rule);
  });

  it("allows a repetition where something was broken", () => {
    const story = goodStory();
    story.entries.splice(
      3,
      0,
      { kind: "fault", what: "worker killed", target: "worker-1", ms: 0 },
      exec("order", "one", 1),
    );
    expect(breaches(story)).toEqual([]);
  });

  it("allows a run to be given up whose workers may have been ended again and again", () => {
    const story = goodStory();
    change(story.recorded.runs, "order", { status: "failed", error: "POISON" });
    story.entries.push(...killed("worker-2"));
    expect(breaches(story).filter((breach) => breach.startsWith("A1"))).toEqual([]);
  });

  it("allows a repetition where a worker's heartbeats may have come too late", () => {
    const story = goodStory();
    story.entries.splice(3, 0, { kind: "slow", by: "worker-1", ms: LEASE_MS }, exec("order", "one", 1));
    expect(breaches(story)).toEqual([]);
  });

  it("allows a step after the end by a worker that was cut off, if nothing of it is kept", () => {
    const story = goodStory();
    story.entries.push({ kind: "fault", what: "mute", target: "worker-1 to the servers", ms: 200 * LEASE_MS });
    const late = story.entries.push(exec("long", "long-2", 1)) - 1;
    expect(breaches(story, late)).toEqual([]);
  });
});

function breaches(story: Story, late = story.entries.length): readonly string[] {
  return findBreaches(linesOf(story, { from: late, ms: 200 * LEASE_MS }), story.recorded, { leaseMs: LEASE_MS });
}

/** As often as it takes to give a run up. */
function killed(target: string): ChaosEntry[] {
  return Array.from({ length: MAX_CRASHES }, () => ({ kind: "fault", what: "killed", target, ms: 0 }) as const);
}

function exec(run: string, step: string, attempt: number, nonce = "nonce-again"): ChaosEntry {
  return { kind: "exec", run, step, attempt, nonce, saw: [], by: "worker-1" };
}

/** A worker that was cut off begins a step after a client was told of the end, and what it gives is recorded. */
function stolen({ entries, recorded }: Story): number {
  entries.push({ kind: "fault", what: "mute", target: "worker-1 to the servers", ms: 200 * LEASE_MS });
  const late = entries.push(exec("order", "one", 2, "nonce-late")) - 1;
  entries.push({ kind: "ret", run: "order", step: "one", nonce: "nonce-late", by: "worker-1" });
  const { outcomes } = found(recorded.runs, "order");
  const kept = outcomes.map((each) => (each.step === "one" ? { ...each, nonce: "nonce-late" } : each));
  change(recorded.runs, "order", { outcomes: kept });
  return late;
}

/** A worker is killed in the middle of a step, which goes on long after. */
function abandoned({ entries }: Story): number {
  const at = entries.findIndex((entry) => entry.kind === "exec" && entry.step === "word");
  entries.splice(at, 0, exec("shout", "word", 1), { kind: "fault", what: "worker killed", target: "worker-1", ms: 0 });
  return at + 2;
}

function remove<Item>(items: Item[], isIt: (item: Item) => boolean): void {
  const at = items.findIndex(isIt);
  expect(at).toBeGreaterThanOrEqual(0);
  items.splice(at, 1);
}

function found(runs: readonly RecordedRun[], run: string): RecordedRun {
  return runs.find((each) => each.run === run) ?? expect.fail(`no run ${run}`);
}

function change(runs: RecordedRun[], run: string, how: Partial<RecordedRun>): void {
  runs.splice(runs.indexOf(found(runs, run)), 1, { ...found(runs, run), ...how });
}

function again(runs: RecordedRun[], run: string): void {
  runs.push({ ...found(runs, run), run: `${run} again` });
}

function swap(runs: RecordedRun[], run: string, one: string, other: string): void {
  const { outcomes } = found(runs, run);
  const name = (step: string) => (step === one ? other : step === other ? one : step);
  change(runs, run, { outcomes: outcomes.map((each) => ({ ...each, step: name(each.step) })) });
}

function doubled(runs: RecordedRun[], run: string, step: string): void {
  const { outcomes } = found(runs, run);
  change(runs, run, { outcomes: [...outcomes, ...outcomes.filter((each) => each.step === step)] });
}

function hear(runs: RecordedRun[], run: string, heard: readonly (string | number)[]): void {
  change(runs, run, { output: { saw: found(runs, run).output?.saw ?? [], heard } });
}

function taken(events: Story["recorded"]["events"], id: string, times: number): void {
  const at = events.findIndex((event) => event.id === id);
  events.splice(at, 1, { ...(events[at] ?? expect.fail("no event")), taken: times });
}

function saw(entries: ChaosEntry[], step: string, nonces: readonly string[]): void {
  const at = entries.findIndex((entry) => entry.kind === "exec" && entry.step === step);
  entries.splice(at, 1, { ...exec("order", step, 1, "nonce-6"), saw: nonces } as ChaosEntry);
}

function answer(entries: ChaosEntry[], run: string, output: { saw: string[]; heard: string[] }): void {
  const at = entries.findIndex((entry) => entry.kind === "ackResult" && entry.run === run);
  entries.splice(at, 1, { kind: "ackResult", run, status: "completed", output });
}
