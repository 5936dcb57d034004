import {
  ACTS,
  type Act,
  type Call,
  STATES,
  Stage,
  type State,
  type World,
  answerOf,
  ask,
  viewOfStore,
} from "@kagzi/store-conformance/model";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { textOf, viewText } from "./linearize.ts";
import { Race, settledOrWaiting } from "./race.ts";

const ALL_ACTS = Object.keys(ACTS) as Act[];
const LONG = process.env["KAGZI_RACE_STATES"] === "all";
/** In which states a run is when two calls about it meet. */
const MET_IN: readonly State[] = LONG ? (Object.keys(STATES) as State[]) : ["running"];

/** What changes a run and its parent, or another run that it has to do with. */
const TWO_RUNS: readonly Act[] = [
  ...(["complete", "fail", "go on as another", "end", "cancel", "delete"] as const),
  ...(["start a child", "tell the parent", "send", "release"] as const),
];

const url = inject("postgresUrl");
const clock = { now: Date.UTC(2030, 0, 1) };

// Each pair on two connections: the first call has done everything but its commit when the second one begins, and commits when that one
// has been answered or is seen waiting for a lock. What comes of it is what one order of the two, one after the other, would bring.
describe("any two calls about one run that meet", () => {
  let race: Race;

  beforeAll(async () => {
    race = await Race.open({ url, schema: `race_${process.pid}`, clock });
  });
  afterAll(() => race.close());

  for (const state of MET_IN) {
    for (const first of ALL_ACTS) {
      it(`${first}, while the run is ${state}, and each other call`, { timeout: 120_000 }, async () => {
        for (const second of ALL_ACTS) {
          if (!isByOneWriter(first, second)) await meet(race, state, [first, second]);
        }
      });
    }
  }

  // Both have seen the run as it was, and wait for its row or for its parent's when that is let go.
  for (const row of ["run", "parent"] as const) {
    for (const first of TWO_RUNS) {
      it(
        `${first}, while somebody has the ${row} locked, and each other call about two runs`,
        { timeout: 120_000 },
        async () => {
          for (const second of TWO_RUNS) await meetAt(race, row, [first, second]);
        },
      );
    }
  }

  it("leave nothing broken, and no deadlock on their way", async ({ task }) => {
    expect(await race.store.violations()).toEqual([]);
    expect(await race.deadlocks()).toBe(0);
    Object.assign(task.meta, { pairs: PAIRS, states: MET_IN.length });
  });
});

const PAIRS = ALL_ACTS.flatMap((first) => ALL_ACTS.filter((second) => !isByOneWriter(first, second))).length;

// Whoever holds a run speaks for it in turn: its server has one write of it under way at most. A step takes no lock of the run, and a run
// that is parked adds no record to it, so two that came at once would both be done.
function isByOneWriter(first: Act, second: Act): boolean {
  return [first, second].includes("write a step") && [first, second].includes("park");
}

async function meet({ commits, held, monitor, store }: Race, state: State, acts: readonly [Act, Act]): Promise<void> {
  const stage = await Stage.open({ store, clock });
  await STATES[state](stage);
  const [first, second] = [ACTS[acts[0]](stage), ACTS[acts[1]](stage)];
  const place = { namespaceId: stage.namespaceId, now: clock.now };
  const holding = commits.holdNext();
  const firstAnswer = ask({ ...place, store: held }, first);
  await Promise.race([holding, firstAnswer]);
  const secondAnswer = ask({ ...place, store }, second);
  await settledOrWaiting(secondAnswer, monitor, 1);
  commits.release();
  const answers = [await firstAnswer, await secondAnswer];
  const came = outcome(answers, textOf(await viewOfStore({ ...place, store })));
  expectOneOrder(stage.world, [first, second], { came, met: `${acts.join(" and ")} of a run that is ${state}` });
}

async function meetAt(
  { monitor, schema, store }: Race,
  row: "run" | "parent",
  acts: readonly [Act, Act],
): Promise<void> {
  const stage = await Stage.open({ store, clock });
  await STATES.running(stage);
  const [first, second] = [ACTS[acts[0]](stage), ACTS[acts[1]](stage)];
  const place = { store, namespaceId: stage.namespaceId, now: clock.now };
  const blocker = new Client({ connectionString: url });
  await blocker.connect();
  await blocker.query("BEGIN");
  const runId = row === "run" ? stage.runId : stage.parentId;
  await blocker.query(`SELECT FROM "${schema}".runs WHERE run_id = $1 FOR UPDATE`, [runId]);
  const firstAnswer = ask(place, first);
  const waiting = await settledOrWaiting(firstAnswer, monitor, 1);
  const secondAnswer = ask(place, second);
  await settledOrWaiting(secondAnswer, monitor, waiting + 1);
  await blocker.query("ROLLBACK");
  await blocker.end();
  const answers = [await firstAnswer, await secondAnswer];
  const came = outcome(answers, textOf(await viewOfStore(place)));
  expectOneOrder(stage.world, [first, second], { came, met: `${acts.join(" and ")} at a locked ${row}` });
}

function expectOneOrder(
  world: World,
  [first, second]: readonly [Call, Call],
  { came, met }: { readonly came: string; readonly met: string },
): void {
  const possible = [inTurn(world, first, second), inTurn(world, second, first, true)];
  if (!possible.includes(came)) expect(came, `${met} came to what no order of them comes to`).toBe(possible[0]);
}

/** What comes of two calls one after the other, in words; `isTurned`: the answers in the order of the others. */
function inTurn(world: World, one: Call, other: Call, isTurned = false): string {
  const copy = structuredClone(world);
  const answers = [answerOf(copy, one), answerOf(copy, other)];
  return outcome(isTurned ? answers.toReversed() : answers, viewText(copy));
}

function outcome(answers: readonly string[], view: string): string {
  return `${answers.join("\n")}\n${view}`;
}
