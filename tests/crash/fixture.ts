import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkNamespaceId } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { Ledger } from "@kagzi/test-support";
import type { Client } from "kagzi";
import { expect } from "vitest";
import { findBreaches } from "./check.ts";
import { recordedRuns } from "./recorded.ts";
import { LEASE_MS, type OpenSystem, type System } from "./systems.ts";

/** A system that is to be broken, with its ledger. */
export class CrashFixture {
  readonly ledger: Ledger;
  readonly system: System;
  readonly #folder: string;

  private constructor(folder: string, ledger: Ledger, system: System) {
    this.#folder = folder;
    this.ledger = ledger;
    this.system = system;
  }

  static async open(open: OpenSystem, runs: number): Promise<CrashFixture> {
    const folder = mkdtempSync(join(tmpdir(), "kagzi-crash-"));
    const ledger = await Ledger.open(folder);
    return new CrashFixture(folder, ledger, await open(ledger, runs));
  }

  async close(): Promise<void> {
    await this.system.remove();
    this.ledger.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts a run and waits for its result; all that the client is told goes into the ledger. Answers with its id. */
  async run(client: Client, key: string): Promise<string> {
    this.ledger.append({ kind: "start", key });
    const run = await client.start("chain", { key }, { id: key });
    this.ledger.append({ kind: "ackStart", key, run: run.id });
    await run.send("go", key, { id: key });
    this.ledger.append({ kind: "ackResult", run: run.id, output: (await run.result()) as string });
    return run.id;
  }

  /** Breaks something so many times, each when `isThere` says that the work has come that part further. */
  async strike(times: number, isThere: (ledger: Ledger, part: number) => boolean): Promise<void> {
    for (let n = 0; n < times; n++) {
      await this.ledger.until((ledger) => isThere(ledger, ((n + 0.5) / times) * 0.9));
      const { faults } = this.system;
      const [what, doIt] = faults[Math.floor(Math.random() * faults.length)] ?? expect.fail("no faults");
      this.ledger.append({ kind: "fault", what });
      await doIt();
    }
  }

  /** Holds what the stopped system has recorded against the ledger. Answers with the number of runs. */
  async inspect(): Promise<number> {
    const store = await openStore(this.system.db);
    try {
      const recorded = await recordedRuns(store, checkNamespaceId("default"));
      expect(findBreaches(this.ledger.lines, recorded, { leaseMs: LEASE_MS })).toEqual([]);
      expect(await store.violations()).toEqual([]);
      return recorded.length;
    } finally {
      await store.close();
    }
  }
}
