import type { LedgerEntry } from "@kagzi/test-support";
import { Client, type RunInfo } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CrashFixture } from "./fixture.ts";
import { LEASE_MS, ROUNDS, SYSTEMS } from "./systems.ts";

const RUNS = 20;
const SERVED = SYSTEMS.filter(([name]) => name.includes("server"));

describe.each(SERVED)("a worker of %s that is stopped past its lease", (_, open) => {
  let f: CrashFixture;
  let client: Client;

  beforeEach(async () => {
    f = await CrashFixture.open(open, RUNS);
    await f.system.start();
    client = new Client({ url: f.system.urls[0] ?? "" });
  });

  afterEach(async () => {
    await client.close();
    await f.close();
  });

  it.each(ROUNDS)("changes nothing when it goes on, and is of use again, round %i", async () => {
    const { ledger, system } = f;
    const [frozen] = system.workers;
    // Every function of worker-1 stands still before it returns, so that it holds what it was given.
    ledger.hold((entry) => entry.kind === "ret" && entry.by === "worker-1");
    const results = runAll("order");
    await ledger.until(({ lines }) => lines.some((line) => line.kind === "ret" && line.by === "worker-1"));
    ledger.append({ kind: "fault", what: "worker-1 stopped" });
    frozen?.signal("SIGSTOP");
    // The other one ends every run, also those that the first still holds in its hands.
    const before = await infos(await results);
    frozen?.signal("SIGCONT");
    ledger.release();
    // What it was in the middle of has been refused once it takes part in new runs.
    const from = ledger.lines.length;
    for (let n = 0; !ledger.lines.slice(from).some(isNewWorkOf("worker-1", before)); n++) await runAll(`more${n}`);
    expect(await infos(before.keys())).toEqual(before);
    await system.stop();
    await f.inspect();
  });

  it("keeps its runs while a function of theirs blocks its process for three leases", async () => {
    const started = await client.start("block", { ms: 3 * LEASE_MS });
    expect(await started.result()).toBe("done");
    expect(f.ledger.count("exec")).toBe(1);
    expect(await started.status()).toMatchObject({ attempt: 1 });
  });

  function runAll(prefix: string): Promise<string[]> {
    return Promise.all(Array.from({ length: RUNS }, (_, n) => f.run(client, `${prefix}-${n}`)));
  }

  async function infos(ids: Iterable<string>): Promise<Map<string, RunInfo>> {
    const all = Array.from(ids, async (id) => [id, await client.run(id).status()] as const);
    return new Map(await Promise.all(all));
  }
});

function isNewWorkOf(worker: string, before: ReadonlyMap<string, RunInfo>) {
  return (entry: LedgerEntry) => entry.kind === "exec" && entry.by === worker && !before.has(entry.run);
}
