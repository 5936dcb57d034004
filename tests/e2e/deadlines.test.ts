import { type RunHandle, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, useEngine } from "./fixture.ts";

describe.each(ENGINES)("a run whose time was over before anybody looked, on %s,", (_, open) => {
  // Nobody looks for overdue runs within this test.
  const f = useEngine(() => open({ config: { pollMs: 3_600_000 } }));

  it("is never begun, says so, and ends with the first claim that finds it; what is behind it goes on", async () => {
    let begun = 0;
    const late = workflow("late", async () => {
      begun += 1;
    });
    const overdue = await Promise.all(
      Array.from({ length: 8 }, () => f.client.start(late, undefined, { startTimeout: 1 })),
    );
    for (const run of overdue) await expect.poll(() => timerOf(run), { timeout: 15_000 }).toBe("deadline");
    const { next, reasons } = await (overdue[0] as RunHandle<unknown>).explain();
    expect(reasons[0]?.message).toContain("it is about to be ended");
    expect(next).toContain("startTimeout");
    const inTime = await f.client.start(late, undefined, { startTimeout: "1h" });
    await f.work([late], { concurrency: 2 });
    await inTime.result({ timeout: "20s" });
    for (const run of overdue) {
      const error = await failure(run);
      expect(error).toMatchObject({ code: "TIMEOUT", subjectId: run.id });
      expect(error.message).toContain("was not picked up in time");
    }
    expect(begun).toBe(1);
  });
});

async function timerOf(run: RunHandle<unknown>): Promise<string | undefined> {
  return (await run.explain()).reasons[0]?.timer;
}
