import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { grown } from "./compare.ts";
import { writeReport } from "./report.ts";
import { SOAK, soakCommand } from "./settings.ts";
import { type Sample, SoakSystem } from "./system.ts";

/** The load is put on in so many pieces; between two of them everything comes to rest and is looked at. */
const PIECES = Math.max(9, Math.min(60, SOAK.minutes));
/** By then everything has come to its size: code that is hot, statements, pools, connections. */
const FIRST_LOOK = Math.ceil(PIECES / 3);
const AT_ONCE = 64;
describe("a server, a worker and a client that go on and on", { timeout: (SOAK.minutes + 30) * 60_000 }, () => {
  let system: SoakSystem;
  const samples: Sample[] = [];

  beforeEach(async () => {
    system = await SoakSystem.start(SOAK.store);
  }, 60_000);

  afterEach(async () => {
    expect(await system.stop()).toEqual([]);
  }, 120_000);

  it("hold no more in the end than when they had begun, and lose no run", async () => {
    for (let piece = 0; piece < PIECES; piece++) {
      samples.push(
        await system.load({
          runs: Math.ceil(SOAK.runs / PIECES),
          atOnce: SOAK.rate > 0 ? 1000 : AT_ONCE,
          rate: SOAK.rate,
        }),
      );
    }
    if (process.env["KAGZI_SOAK_REPORT"] !== undefined) process.stdout.write(`${JSON.stringify(samples)}\n`);
    if (SOAK.page !== undefined) writeReport(SOAK.page, samples);
    expect(samples.flatMap(({ loaded }) => loaded.wrong)).toEqual([]);
    const runs = samples.reduce((sum, { loaded }) => sum + loaded.completed + loaded.failed, 0);
    expect(runs).toBe(Math.ceil(SOAK.runs / PIECES) * PIECES);
    const [early, late] = [samples[FIRST_LOOK - 1], samples.at(-1)];
    if (early === undefined || late === undefined) expect.fail("nothing was looked at");
    expect(grown(early, late), `repeat it: ${soakCommand()}`).toEqual([]);
  });
});
