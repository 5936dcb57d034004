import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkNamespaceId } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { CHAIN_STEPS, Ledger } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { executionsPerStep, findBreaches } from "./check.ts";
import { recordedRuns } from "./recorded.ts";
import { LEASE_MS, ROUNDS, SYSTEMS, type System } from "./systems.ts";

const RUNS = 240;
const FAULTS = 6;

describe.each(SYSTEMS)("%s", (name, open) => {
  let folder: string;
  let ledger: Ledger;
  let system: System;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-crash-"));
    ledger = await Ledger.open(folder);
    system = await open(ledger, RUNS);
  });

  afterEach(async () => {
    await system.remove();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(ROUNDS)("loses nothing and does nothing twice while its processes are killed, round %i", async () => {
    await system.start();
    const runs = startRuns();
    await strike();
    await runs;
    const codes = await system.stop();
    if (codes.some((code) => code !== 0)) expect.fail(`processes ended with ${codes.join(", ")}:\n${system.output()}`);
    await inspect();
  });

  it("executes every attempt once when nothing is killed", async () => {
    await system.start();
    await startRuns();
    await system.stop();
    await inspect();
    expect(executionsPerStep(ledger.lines)).toBe(1);
  });

  /** Breaks something each time that the runs have come a part further. */
  async function strike(): Promise<void> {
    for (let n = 0; n < FAULTS; n++) {
      const progress = ((n + 0.5) / FAULTS) * 0.9 * RUNS * CHAIN_STEPS;
      await ledger.until(() => ledger.count("ret") >= progress);
      const [what, doIt] = system.faults[Math.floor(Math.random() * system.faults.length)] ?? expect.fail("no faults");
      ledger.append({ kind: "fault", what });
      await doIt();
    }
  }

  /** Starts the runs and waits for their results, unless a process of the system does so itself. */
  async function startRuns(): Promise<void> {
    const clients = system.urls.map((url) => new Client({ url }));
    if (clients.length === 0) return ledger.until(() => ledger.count("ackResult") >= RUNS);
    await Promise.all(Array.from({ length: RUNS }, (_, n) => startRun(`order-${n}`, clients[n % clients.length])));
    await Promise.all(clients.map((client) => client.close()));
  }

  async function startRun(key: string, client: Client = expect.fail("no client")): Promise<void> {
    ledger.append({ kind: "start", key });
    const run = await client.start("chain", { key }, { id: key });
    ledger.append({ kind: "ackStart", key, run: run.id });
    ledger.append({ kind: "ackResult", run: run.id, output: (await run.result()) as string });
  }

  async function inspect(): Promise<void> {
    const store = await openStore(system.db);
    try {
      const recorded = await recordedRuns(store, checkNamespaceId("default"));
      expect(recorded).toHaveLength(RUNS);
      expect(findBreaches(ledger.lines, recorded, { leaseMs: LEASE_MS })).toEqual([]);
      expect(await store.violations()).toEqual([]);
    } finally {
      await store.close();
    }
    process.stdout.write(
      `${name}: ${RUNS} runs, ${ledger.lines.length} lines in the ledger, ` +
        `${executionsPerStep(ledger.lines).toFixed(3)} executions per attempt; ` +
        `${ledger.lines.flatMap((line) => (line.kind === "fault" ? [line.what] : [])).join(", ")}\n`,
    );
  }
});
