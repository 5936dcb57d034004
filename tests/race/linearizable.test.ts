import {
  ACTS,
  type Act,
  type Place,
  STATES,
  Stage,
  type State,
  answerOf,
  ask,
  newWorld,
  viewOfStore,
} from "@kagzi/store-conformance/model";
import { PostgresStore } from "@kagzi/store-postgres";
import { describe, expect, inject, it } from "vitest";
import { Client } from "pg";
import { deadlocksOf } from "./deadlocks.ts";
import { type Made, isLinearizable, textOf, viewText } from "./linearize.ts";

/** Histories, and the seed of the first one. */
const HISTORIES = Number(process.env["KAGZI_RACE_HISTORIES"] ?? 300);
const SEED = Number(process.env["KAGZI_RACE_SEED"] ?? 1);
const CLIENTS = 8;
const CALLS_EACH = 4;

const ALL_ACTS = Object.keys(ACTS) as Act[];
const ALL_STATES = Object.keys(STATES) as State[];
/**
 * Calls that ask once more where the first statement did nothing: what lies between the two is no order of whole calls.
 */
const NOT_MADE = new Set<Act>(["start", "start another with its key", "start a child", "rerun"]);

const url = inject("postgresUrl");
const clock = { now: Date.UTC(2030, 0, 1) };

describe("bursts of calls by many clients about one run", () => {
  it("are answered as if they had come one after the other", { timeout: 24 * 3_600_000 }, async ({ task }) => {
    const store = new PostgresStore({
      url,
      schema: `bursts_${process.pid}`,
      clock: () => clock.now,
      poolSize: CLIENTS,
    });
    await store.migrate();
    const begun = await deadlocks();
    try {
      for (let seed = SEED; seed < SEED + HISTORIES; seed++) await burst(store, seed);
      expect(await store.violations()).toEqual([]);
      expect(await deadlocks()).toBe(begun);
      Object.assign(task.meta, { histories: HISTORIES, callsEach: CLIENTS * CALLS_EACH });
    } finally {
      await store.close();
    }
  });

  it("a history with a wrong answer, or with an answer before its time, is found", () => {
    const world = newWorld(1000);
    const start = {
      namespaceId: "n",
      runId: "r",
      taskQueue: "",
      workflowType: "w",
      version: "1",
      priority: 0,
      delayMs: 0,
    };
    const send = { do: "send", runId: "r", message: { kind: "event", name: "e", messageId: "m" } };
    const made = (call: object, answer: string, from: number, to: number) =>
      ({ call, answer, from, to }) as unknown as Made;
    const end = structuredClone(world);
    answerOf(end, { do: "start", start } as never);
    answerOf(end, send as never);
    const started = (from: number, to: number) => made({ do: "start", start }, "started", from, to);
    expect(isLinearizable(world, [started(0, 3), made(send, "pending", 1, 2)], viewText(end))).toBe(true);
    expect(isLinearizable(world, [started(2, 3), made(send, "pending", 0, 1)], viewText(end))).toBe(false);
    expect(isLinearizable(world, [started(0, 3), made(send, "running", 1, 2)], viewText(end))).toBe(false);
    expect(isLinearizable(world, [started(0, 3), made(send, "pending", 1, 2)], viewText(world))).toBe(false);
  });
});

async function burst(store: PostgresStore, seed: number): Promise<void> {
  const random = randomOf(seed);
  const choose = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  const stage = await Stage.open({ store, clock });
  await STATES[choose(ALL_STATES)](stage);
  const begin = structuredClone(stage.world);
  const place: Place = { store, namespaceId: stage.namespaceId, now: clock.now };
  const acts = ALL_ACTS.filter((act) => !NOT_MADE.has(act));
  const made: Made[] = [];
  let count = 0;
  let writes = Promise.resolve();
  const client = async () => {
    for (let n = 0; n < CALLS_EACH; n++) {
      const act = choose(acts);
      const turn = async () => {
        // By what was answered so far: what is true by now may be another thing.
        const call = ACTS[act](stage);
        const from = ++count;
        const answer = await ask(place, call);
        made.push({ call, answer, from, to: ++count });
        answerOf(stage.world, call);
      };
      // A run has one writer, who speaks in turn.
      if (act !== "write a step" && act !== "park") await turn();
      else await (writes = writes.then(turn));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seen = textOf(await viewOfStore(place));
  if (isLinearizable(begin, made, seen)) return;
  const calls = made.map(({ answer, call, from, to }) => `${from}-${to} ${JSON.stringify(call)}: ${answer}`);
  throw new Error(
    `no order of these calls is answered so (KAGZI_RACE_SEED=${seed} KAGZI_RACE_HISTORIES=1):\n${calls.join("\n")}\n${seen}`,
  );
}

/** Transactions that PostgreSQL ended because they waited for each other. The store tries them again, and nobody would notice. */
async function deadlocks(): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await deadlocksOf(client);
  } finally {
    await client.end();
  }
}

/** Numbers in [0, 1) that are the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
