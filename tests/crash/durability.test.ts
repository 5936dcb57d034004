import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "@kagzi/embedded";
import { Ledger, Program } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Acknowledged, acknowledgedBy, missing } from "./acknowledged.ts";
import { DurableSystem } from "./durable-system.ts";

/** How often PostgreSQL is killed: `KAGZI_CRASH_ROUNDS` times. */
const KILLS = Number(process.env["KAGZI_CRASH_ROUNDS"] ?? 5);
const KILL_MS = 10_000;
const KINDS: readonly Acknowledged["kind"][] = ["start", "step", "send", "cancel", "result"];
/** Clients that go on all the time, each with one run at a time. */
const CLIENTS = 60;

describe("PostgreSQL, killed with all its processes right after an acknowledgement", () => {
  let system: DurableSystem;

  beforeEach(async () => {
    system = await DurableSystem.start();
  });

  afterEach(() => system.remove());

  it(`has everything that was acknowledged, ${KILLS} times`, { timeout: 60_000 + KILLS * KILL_MS }, async () => {
    const load = new Load(system);
    const store = await openStore(system.db);
    try {
      for (let round = 0; round < KILLS; round++) {
        const from = load.acknowledged.length;
        await load.atNext(KINDS[round % KINDS.length], 1 + Math.floor(Math.random() * 20), () => system.cluster.kill());
        await system.heardOut();
        const before = load.acknowledged.slice(from);
        await system.cluster.start();
        await vi.waitFor(() => store.now(), { timeout: KILL_MS });
        expect(await missing(store, before)).toEqual([]);
      }
      await load.stop();
      expect(await missing(store, load.acknowledged)).toEqual([]);
      expect(await store.violations()).toEqual([]);
    } finally {
      await store.close();
    }
    const counts = KINDS.map((kind) => `${load.acknowledged.filter((each) => each.kind === kind).length} of ${kind}`);
    process.stdout.write(`PostgreSQL killed ${KILLS} times: nothing is missing of ${counts.join(", ")}\n`);
  });
});

/** Clients that start runs, send them events, cancel every third and wait for the others, and all that they are told. */
class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly #client: Client;
  readonly #clients: Promise<unknown>;
  #onAck: (what: Acknowledged) => void = () => {};
  #stops = false;

  constructor(system: DurableSystem) {
    this.#client = new Client({ url: system.url });
    void system.follow((what) => this.#say(what));
    this.#clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => this.#keepGoing(`order-${index}`)));
    this.#clients.catch(() => {});
  }

  /** Does something in the very moment of the `nth` acknowledgement of a kind from now. */
  async atNext(kind: Acknowledged["kind"] | undefined, nth: number, doIt: () => Promise<void>): Promise<void> {
    let count = 0;
    const done = new Promise<void>((resolve, reject) => {
      this.#onAck = (what) => {
        if (what.kind !== kind || ++count < nth) return;
        this.#onAck = () => {};
        doIt().then(resolve, reject);
      };
    });
    await Promise.race([done, this.#clients]);
  }

  /** Lets every run that was begun come to its end. */
  async stop(): Promise<void> {
    this.#stops = true;
    await this.#clients;
    await this.#client.close();
  }

  async #keepGoing(name: string): Promise<void> {
    for (let n = 0; !this.#stops; n++) {
      const key = `${name}-${n}`;
      const { id: run } = await this.#client.start("chain", { key }, { id: key });
      this.#say({ kind: "start", run });
      const handle = this.#client.run<string>(run);
      if (n % 3 === 2) {
        await handle.cancel();
        this.#say({ kind: "cancel", run });
      } else {
        await handle.send("go", key, { id: key });
        this.#say({ kind: "send", run, event: key });
        this.#say({ kind: "result", run, output: await handle.result() });
      }
    }
  }

  #say(what: Acknowledged): void {
    this.acknowledged.push(what);
    this.#onAck(what);
  }
}

describe("an engine on SQLite, killed right after an acknowledgement", () => {
  const kills = Math.ceil(KILLS / 2);
  const kinds = KINDS.filter((kind) => kind !== "cancel");

  it(`has everything that was acknowledged, ${kills} times`, { timeout: 60_000 + kills * KILL_MS }, async () => {
    let count = 0;
    for (let round = 0; round < kills; round++) {
      const folder = mkdtempSync(join(tmpdir(), "kagzi-durable-"));
      const ledger = await Ledger.open(folder);
      const db = `sqlite:${join(folder, "kagzi.db")}`;
      const env = { LEDGER: ledger.path, DB: db, LEASE_MS: "30000", RUNS: "100" };
      const program = new Program({
        path: fileURLToPath(new URL("../support/dist/crash/embedded.js", import.meta.url)),
        env,
      });
      try {
        program.spawn();
        const nth = 1 + Math.floor(Math.random() * 90);
        const isDue = (kind: string | undefined) => (lines: Ledger) =>
          lines.lines.flatMap(acknowledgedBy).filter((each) => each.kind === kind).length >= nth;
        await ledger.until(isDue(kinds[round % kinds.length]));
        await program.kill();
        const acknowledged = ledger.lines.flatMap(acknowledgedBy);
        const store = await openStore(db);
        expect(await missing(store, acknowledged)).toEqual([]);
        expect(await store.violations()).toEqual([]);
        await store.close();
        count += acknowledged.length;
      } finally {
        await program.kill();
        ledger.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }
    process.stdout.write(`SQLite killed ${kills} times: nothing is missing of ${count} acknowledgements\n`);
  });
});
