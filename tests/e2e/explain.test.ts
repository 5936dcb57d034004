import { readFile } from "node:fs/promises";
import { WaitingFor_Reason as Reason } from "@kagzi/proto";
import { type RunHandle, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { READY_STATES } from "./explain-ready.ts";
import { servicesOf } from "./explain-states.ts";
import { WAITING_STATES } from "./explain-waits.ts";
import { reaches, useEngine } from "./fixture.ts";

const STATES = [...READY_STATES, ...WAITING_STATES];

describe.each(ENGINES)("an explanation on %s", (_, open) => {
  const f = useEngine(open);

  it.each(STATES.map((state) => [state.name, state] as const))("of a run that is %s", async (__, state) => {
    const run = await state.reach(f);
    const explanation = await run.explain();
    expect(explanation.id).toBe(run.id);
    expect(explanation.reasons).toMatchObject(state.reasons);
    expect(explanation.reasons[0]?.message).toMatch(state.message);
    expect(explanation.next).toMatch(state.next);
    await agreesWithStatus(run);
    // What would go on for ever is ended, so that its worker can stop.
    for await (const { id } of f.client.runs.list()) await f.client.run(id).terminate();
  });

  it("of a run that is not there says so", async () => {
    const missing = "01890000-0000-7000-8000-000000000000";
    await expect(f.client.runs.explain(missing)).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: missing });
    await expect(f.client.runs.explain("nonsense")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("of a run with a long history costs no more, and tells all the same what it waits for", async () => {
    const long = workflow("long", async (ctx) => {
      const go = ctx.waitForEvent("go");
      for (let n = 0; n < 1100; n++) await ctx.step("count", () => n);
      return go;
    });
    await f.work([long]);
    const run = await f.client.start(long, undefined);
    await reaches(run, "waiting");
    const { next, reasons } = await run.explain();
    expect(reasons).toMatchObject([{ reason: "event" }]);
    expect(reasons[0]?.message).toBe("waits for an event or a child that it asked for many records ago");
    expect(next).toContain("list its steps");
    await run.send("go");
    await run.result();
  });
});

describe.each(ENGINES)("an explanation on %s, where workers are lost soon,", (_, open) => {
  const f = useEngine(() => open({ config: { leaseMs: 300, pollMs: 50 } }));

  it("of a run that has taken its workers down", async () => {
    const { workers } = servicesOf(f);
    const run = await f.client.start("cursed");
    for (let taken = 0; taken < 2;) {
      // One that has not found the run before its own lease is over is followed by another.
      const { workerId } = await workers.register({ workflowTypes: ["cursed"] });
      const task = await workers.pollTask({ workerId, timeoutMs: 100n });
      taken += task.runId === run.id ? 1 : 0;
    }
    await reaches(run, "pending");
    const { next, reasons } = await run.explain();
    expect(reasons).toMatchObject([{ reason: "time", timer: "takeover", attempt: 2, until: expect.any(Date) }]);
    expect(next).toContain("look in the logs of its workers");
  });
});

/** `run.status()` says the first of the reasons, unless the run moves or has ended. */
async function agreesWithStatus(run: RunHandle<unknown>): Promise<void> {
  const { reasons, status } = await run.explain();
  const info = await run.status();
  expect(info.status).toBe(status);
  const [first] = reasons;
  const isSilent = first?.reason === "running" || first?.reason === "ended";
  expect(info.waitingFor?.reason).toBe(isSilent ? undefined : first?.reason);
}

describe("the reasons why a run is not moving", () => {
  const all = Object.keys(Reason).filter((name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED");

  it("are each reached by a run of these tests", () => {
    const reached = STATES.flatMap(({ reasons }) => reasons.map((each) => String(Reflect.get(each, "reason"))));
    const wire = new Set(reached.map((reason) => (reason === "child" ? "CHILD_WORKFLOW" : reason.toUpperCase())));
    expect(all.filter((name) => !wire.has(name))).toEqual([]);
  });

  it("are each in the table for operators", async () => {
    const page = await readFile(new URL("../../docs/operate/explain.md", import.meta.url), "utf8");
    const [reasons = ""] = page.split("| timer");
    const rows = Array.from(reasons.matchAll(/^\| `([a-z]+)` +\|/gmu), ([, name]) => name);
    const names = all.map((name) => (name === "CHILD_WORKFLOW" ? "child" : name.toLowerCase()));
    expect(new Set(rows)).toEqual(new Set(names));
    expect(rows).toHaveLength(names.length);
  });
});
