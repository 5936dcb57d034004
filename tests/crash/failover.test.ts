import { CHAIN_STEPS, type PostgresPair, createPostgresPair } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CrashFixture } from "./fixture.ts";
import { CHAINS, ROUNDS, served } from "./systems.ts";

const RUNS = 160;
/** No worker is lost here: a busy machine is not to make it look so. */
const LONG_LEASE_MS = 6000;
/** The run that is started over the new primary. */
const PROBE = "order-after";
/** Against what hangs; how long it takes is printed. */
const PATIENCE_MS = 60_000;
const IN_USE = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'kagzi'";

describe("two servers that know a primary and its synchronous standby", () => {
  let f: CrashFixture;
  let pair: PostgresPair;

  beforeEach(async () => {
    pair = await createPostgresPair();
    const database = new URL(await pair.primary.createDatabase()).pathname;
    const hosts = [pair.primary, pair.standby].map(({ url }) => new URL(url).host);
    const db = `postgres://postgres@${hosts.join(",")}${database}`;
    const remove = async () => {
      await pair.primary.remove();
      await pair.standby.remove();
    };
    f = await CrashFixture.open(
      (ledger) => served({ ledger, programs: CHAINS, servers: 2, db, leaseMs: LONG_LEASE_MS, remove }),
      RUNS,
    );
    await f.system.start();
  });

  afterEach(() => f.close());

  it.each(ROUNDS)("lose nothing that was acknowledged when the primary is killed, round %i", async () => {
    const runs = startRuns();
    await stepsDone(0.4);
    f.ledger.append({ kind: "fault", what: "the primary killed" });
    await pair.primary.kill();
    await promote("the primary was killed and its standby promoted");
    await finish(runs);
  });

  it.each(ROUNDS)("lose nothing, and leave it, when the primary hands over to its standby, round %i", async () => {
    const runs = startRuns();
    await stepsDone(0.4);
    f.ledger.append({ kind: "fault", what: "the primary made read-only" });
    await pair.primary.query("ALTER SYSTEM SET default_transaction_read_only = on");
    await pair.primary.query("SELECT pg_reload_conf()");
    // Every session is either refused a write and goes, or does nothing.
    await quiet();
    await promote("the primary handed over to its standby");
    await finish(runs);
    expect(await pair.primary.query(IN_USE)).toEqual([{ count: 0 }]);
  });

  async function startRuns(): Promise<void> {
    const clients = f.system.urls.map((url) => new Client({ url }));
    const clientOf = (n: number) => clients[n % clients.length] ?? expect.fail("no client");
    await Promise.all(Array.from({ length: RUNS }, (_, n) => f.run(clientOf(n), `order-${n}`)));
    await Promise.all(clients.map((client) => client.close()));
  }

  function stepsDone(part: number): Promise<void> {
    return f.ledger.until((ledger) => ledger.count("ret") >= part * RUNS * CHAIN_STEPS);
  }

  /** Nobody writes to the primary any more, nor is about to. */
  async function quiet(): Promise<void> {
    const busy = `${IN_USE} AND (state <> 'idle' OR backend_xid IS NOT NULL)`;
    await vi.waitFor(async () => expect(await pair.primary.query(busy)).toEqual([{ count: 0 }]), PATIENCE_MS);
  }

  /** Promotes the standby, and starts a run more: what is acknowledged now is kept by the new primary. */
  async function promote(what: string): Promise<void> {
    await pair.promote();
    const promoted = performance.now();
    const client = new Client({ url: f.system.urls[0] ?? "" });
    const run = f.run(client, PROBE);
    await f.ledger.until(({ lines }) => lines.some((line) => line.kind === "ackStart" && line.key === PROBE));
    process.stdout.write(
      `${what}: a start was acknowledged ${Math.round(performance.now() - promoted)} ms after that\n`,
    );
    await run;
    await client.close();
  }

  async function finish(runs: Promise<unknown>): Promise<void> {
    await runs;
    const codes = await f.system.stop();
    if (codes.some((code) => code !== 0)) expect.fail(`ended with ${codes.join(", ")}:\n${f.system.output()}`);
    expect(await f.inspect()).toBe(RUNS + 1);
  }
});
