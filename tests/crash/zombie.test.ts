import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkNamespaceId } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { Ledger, type LedgerEntry } from "@kagzi/test-support";
import { Client, type RunInfo } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBreaches } from "./check.ts";
import { recordedRuns } from "./recorded.ts";
import { LEASE_MS, ROUNDS, SYSTEMS, type System } from "./systems.ts";

const RUNS = 20;
const SERVED = SYSTEMS.filter(([name]) => name.includes("server"));

describe.each(SERVED)("a worker of %s that is stopped past its lease", (_, open) => {
  let folder: string;
  let ledger: Ledger;
  let system: System;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-zombie-"));
    ledger = await Ledger.open(folder);
    system = await open(ledger, RUNS);
  });

  afterEach(async () => {
    await system.remove();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(ROUNDS)("changes nothing when it goes on, and is of use again, round %i", async () => {
    await system.start();
    const [frozen] = system.workers;
    const client = new Client({ url: system.urls[0] ?? "" });
    // Every function of worker-1 stands still before it returns, so that it holds what it was given.
    ledger.hold((entry) => entry.kind === "ret" && entry.by === "worker-1");
    const results = Promise.all(keys("order").map((key) => run(client, key)));
    await ledger.until(({ lines }) => lines.some((line) => line.kind === "ret" && line.by === "worker-1"));
    ledger.append({ kind: "fault", what: "worker-1 stopped" });
    frozen?.signal("SIGSTOP");
    // The other one ends every run, also those that the first still holds in its hands.
    const before = await infos(client, await results);
    frozen?.signal("SIGCONT");
    ledger.release();
    // What it was in the middle of has been refused once it takes part in new runs.
    const from = ledger.lines.length;
    for (let n = 0; !ledger.lines.slice(from).some(isNewWorkOf("worker-1", before)); n++) {
      await Promise.all(keys(`more${n}`).map((key) => run(client, key)));
    }
    expect(await infos(client, before.keys())).toEqual(before);
    await client.close();
    await system.stop();
    await inspect();
  });

  it("keeps its runs while a function of theirs blocks its process for three leases", async () => {
    await system.start();
    const client = new Client({ url: system.urls[0] ?? "" });
    const started = await client.start("block", { ms: 3 * LEASE_MS });
    expect(await started.result()).toBe("done");
    expect(ledger.count("exec")).toBe(1);
    expect(await started.status()).toMatchObject({ attempt: 1 });
    await client.close();
  });

  async function inspect(): Promise<void> {
    const store = await openStore(system.db);
    try {
      const runs = await recordedRuns(store, checkNamespaceId("default"));
      expect(findBreaches(ledger.lines, runs, { leaseMs: LEASE_MS })).toEqual([]);
      expect(await store.violations()).toEqual([]);
    } finally {
      await store.close();
    }
  }

  async function run(client: Client, key: string): Promise<string> {
    ledger.append({ kind: "start", key });
    const started = await client.start("chain", { key }, { id: key });
    ledger.append({ kind: "ackStart", key, run: started.id });
    ledger.append({ kind: "ackResult", run: started.id, output: (await started.result()) as string });
    return started.id;
  }
});

function keys(prefix: string): string[] {
  return Array.from({ length: RUNS }, (_, n) => `${prefix}-${n}`);
}

async function infos(client: Client, ids: Iterable<string>): Promise<Map<string, RunInfo>> {
  const all = Array.from(ids, async (id) => [id, await client.run(id).status()] as const);
  return new Map(await Promise.all(all));
}

function isNewWorkOf(worker: string, before: ReadonlyMap<string, RunInfo>) {
  return (entry: LedgerEntry) => entry.kind === "exec" && entry.by === worker && !before.has(entry.run);
}
