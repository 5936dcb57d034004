import { randomBytes } from "node:crypto";
import { MAX_CRASHES, uuidv7Source } from "@kagzi/core";
import { embedded } from "@kagzi/embedded";
import { Client, workflow } from "kagzi";
import { expect, it } from "vitest";
import { Mocks } from "./mocks.ts";
import { MortalWorker } from "./mortal-worker.ts";
import { VirtualClock, VirtualTimers } from "./virtual-time.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

it("a run that takes its worker down again and again ends as POISON, and others go on (P2)", async () => {
  const clock = new VirtualClock(Date.now());
  const timers = new VirtualTimers(clock);
  const newUuid = uuidv7Source({ now: () => clock.now, randomBytes: (count) => randomBytes(count) });
  let chance = 0;
  const random = () => (chance = (chance + 0.37) % 1);
  const env = { now: clock.read, setTimer: timers.set, random, newUuid };
  const engine = await embedded("sqlite::memory:", { clock: clock.read, env });
  const client = new Client({ connection: engine });
  const deadly = workflow("deadly", async (ctx) => ctx.step("explode", () => alive.die()));
  const harmless = workflow("harmless", async (ctx) => {
    await ctx.sleep("nap", "2m");
  });
  const start = async () => {
    const workerTimers = new VirtualTimers(clock);
    const about = { connection: engine, workflows: [deadly, harmless], logger: quiet, mocks: new Mocks() };
    const worker = new MortalWorker({ ...about, clock, timers: workerTimers });
    await worker.worker.start();
    return { worker, workerTimers };
  };
  let { worker: alive, workerTimers } = await start();
  const run = await client.start(deadly, undefined);
  const other = await client.start(harmless, undefined);
  let lost = 0;
  const states = async () => [(await run.status()).status, (await other.status()).status];
  // A lease lasts half a minute; a server that was asleep for most of one judges nobody, so time goes in small steps.
  for (let step = 0; step < 2000 && (await states()).join(" ") !== "failed completed"; step++) {
    clock.now += 500;
    timers.fire();
    workerTimers.fire();
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    if (!alive.isDead) continue;
    lost += 1;
    ({ worker: alive, workerTimers } = await start());
  }
  expect(await states()).toEqual(["failed", "completed"]);
  expect(lost).toBe(MAX_CRASHES);
  const { error } = await run.status();
  expect(error).toMatchObject({ code: "POISON" });
  expect(error?.message).toContain(`lost its worker ${MAX_CRASHES} times in a row`);
  expect((await client.runs.retry(run.id)).id).toBe(run.id);
  await alive.worker.stop();
  await engine.close();
});
