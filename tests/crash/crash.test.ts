import { CHAIN_STEPS } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { executionsPerAttempt } from "./check.ts";
import { CrashFixture } from "./fixture.ts";
import { ROUNDS, SYSTEMS } from "./systems.ts";

const RUNS = 240;
const FAULTS = 6;

describe.each(SYSTEMS)("%s", (name, open) => {
  let f: CrashFixture;

  beforeEach(async () => {
    f = await CrashFixture.open(open, RUNS);
  });

  afterEach(() => f.close());

  it.each(ROUNDS)("loses nothing and does nothing twice while its processes are killed, round %i", async () => {
    await f.system.start();
    const runs = startRuns();
    await f.strike(FAULTS, (ledger, part) => ledger.count("ret") >= part * RUNS * CHAIN_STEPS);
    await runs;
    const codes = await f.system.stop();
    if (codes.some((code) => code !== 0))
      expect.fail(`processes ended with ${codes.join(", ")}:\n${f.system.output()}`);
    await inspect();
  });

  it("executes every attempt once when nothing is killed", async () => {
    await f.system.start();
    await startRuns();
    await f.system.stop();
    await inspect();
    expect(executionsPerAttempt(f.ledger.lines)).toBe(1);
  });

  /** Starts the runs and waits for their results, unless a process of the system does so itself. */
  async function startRuns(): Promise<void> {
    const clients = f.system.urls.map((url) => new Client({ url }));
    if (clients.length === 0) return f.ledger.until((ledger) => ledger.count("ackResult") >= RUNS);
    const clientOf = (n: number) => clients[n % clients.length] ?? expect.fail("no client");
    await Promise.all(Array.from({ length: RUNS }, (_, n) => f.run(clientOf(n), `order-${n}`)));
    await Promise.all(clients.map((client) => client.close()));
  }

  async function inspect(): Promise<void> {
    expect(await f.inspect()).toBe(RUNS);
    const faults = f.ledger.lines.flatMap((line) => (line.kind === "fault" ? [line.what] : []));
    process.stdout.write(
      `${name}: ${RUNS} runs, ${f.ledger.lines.length} lines in the ledger, ` +
        `${executionsPerAttempt(f.ledger.lines).toFixed(3)} executions per attempt; ${faults.join(", ")}\n`,
    );
  }
});
