import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Chance } from "./chance.ts";
import { FAULT_KINDS } from "./faults.ts";
import { runMany } from "./many.ts";
import { SABOTAGES } from "./sabotage.ts";
import { runSeed } from "./seed.ts";

/** Seeds that this test lives through; `npm run sim` takes any number. */
const SEEDS = Number(process.env["KAGZI_SIM_SEEDS"] ?? 500);
/** Seeds within which a store that breaks a rule is found out. */
const SOON = 400;

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

describe("the simulation", { timeout: 600_000 }, () => {
  it("finds no promise broken in any of its seeds", async () => {
    const figures = await runMany({ from: 1, seeds: SEEDS, stopAtFirst: true });
    expect(figures.broken, "again: npm run sim -- --seed <seed> --trace").toEqual([]);
    expect(figures.seeds).toBe(SEEDS);
    const never = FAULT_KINDS.filter((kind) => figures.faults[kind] === undefined);
    if (SEEDS >= 500) expect(never).toEqual([]);
  });

  it("is the same for the same seed, to the last byte, in this process and in another one", async () => {
    for (const seed of [11, 12, 13, 14]) {
      const { hash } = await runSeed(seed);
      expect((await runSeed(seed, { keepTrace: true })).hash).toBe(hash);
      const told = execFileSync(process.execPath, [MAIN, "--seed", String(seed)], { encoding: "utf8" });
      expect(told).toContain(`seed ${seed}, trace ${hash}`);
    }
  });

  it("is another one for another seed", async () => {
    expect((await runSeed(1)).hash).not.toBe((await runSeed(2)).hash);
  });

  it.each(Object.entries(SABOTAGES))("finds out a store that %s", async (_rule, sabotage) => {
    let found: readonly string[] = [];
    for (let seed = 1; seed <= SOON && found.length === 0; seed++) found = (await runSeed(seed, { sabotage })).breaches;
    expect(found).not.toEqual([]);
  });
});

describe("Chance", () => {
  it("is the same for the same seed, and spread evenly", () => {
    const [one, other] = [new Chance(7), new Chance(7)];
    const drawn = Array.from({ length: 10_000 }, () => one.below(10));
    expect(drawn).toEqual(Array.from({ length: 10_000 }, () => other.below(10)));
    for (let digit = 0; digit < 10; digit++) {
      expect(drawn.filter((each) => each === digit).length).toBeGreaterThan(850);
    }
  });
});
