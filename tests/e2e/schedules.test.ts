import { Client, KagziError, type RunInfo, type ScheduleTiming, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, signal, useEngine } from "./fixture.ts";

const PATIENCE = { timeout: 15_000, interval: 50 };

describe.each(ENGINES)("schedules of %s", (_, open) => {
  const f = useEngine(open);

  async function runsOf(scheduleId: string): Promise<readonly RunInfo[]> {
    const runs: RunInfo[] = [];
    for await (const run of f.client.runs.list()) if (run.scheduleId === scheduleId) runs.push(run);
    return runs.toReversed();
  }

  it("fire every second, each slot once, and are counted", async () => {
    const tick = workflow("tick", async (ctx, input: { n: number }) => [
      input.n,
      ctx.schedule?.id,
      ctx.schedule?.scheduledAt?.getTime(),
    ]);
    await f.work([tick]);
    await f.client.schedules.create("ticks", { workflow: tick, every: "1s", input: { n: 5 }, overlap: "allow" });
    await expect.poll(async () => (await f.client.schedules.get("ticks")).fired, PATIENCE).toBeGreaterThanOrEqual(2);
    const paused = await f.client.schedules.pause("ticks");
    expect(paused).toMatchObject({ enabled: false, fired: expect.any(Number) });
    expect(paused.nextFireAt).toBeUndefined();
    const runs = await runsOf("ticks");
    expect(runs).toHaveLength(paused.fired);
    for (const run of runs) {
      const at = run.scheduledAt?.getTime() ?? 0;
      expect(at % 1000).toBe(0);
      expect(run.createdAt.getTime()).toBeGreaterThanOrEqual(at);
      expect(await f.client.run(run.id).result({ timeout: "15s" })).toEqual([5, "ticks", at]);
    }
    const [first, second] = runs;
    expect((second?.scheduledAt?.getTime() ?? 0) - (first?.scheduledAt?.getTime() ?? 0)).toBe(1000);
  });

  it("fire once at a point in time, and are exhausted", async () => {
    const once = workflow("once", async (ctx) => ctx.schedule?.scheduledAt);
    await f.work([once]);
    const at = new Date(Date.now() + 300);
    const made = await f.client.schedules.create("launch", { workflow: once, at });
    expect(made).toMatchObject({ at, nextFireAt: at, maxCatchup: 1, overlap: "skip", enabled: true });
    await expect.poll(async () => (await runsOf("launch")).length, PATIENCE).toBe(1);
    const [run] = await runsOf("launch");
    expect(await f.client.run(run?.id ?? "").result({ timeout: "15s" })).toEqual(at);
    const after = await f.client.schedules.get("launch");
    expect(after).toMatchObject({ fired: 1, lastFiredAt: at, enabled: true });
    expect(after.nextFireAt).toBeUndefined();
  });

  it("are made once, looked at, changed and deleted; their runs stay", async () => {
    const { schedules } = f.client;
    const report = { workflow: "report", cron: "0 6 * * MON-FRI", timezone: "Europe/Paris", input: { a: new Date(0) } };
    const made = await schedules.create("report", report);
    expect(made).toMatchObject({ ...report, id: "report", fired: 0, missed: 0, skipped: 0 });
    expect(await schedules.create("report", report)).toEqual(made);
    await expect(schedules.create("report", { ...report, maxCatchup: 2 })).rejects.toMatchObject({
      code: "CONFLICT",
      subject: "schedule",
      subjectId: "report",
    });
    const changed = await schedules.update("report", { timezone: "Asia/Tokyo", overlap: "buffer-one", version: "2" });
    expect(changed).toMatchObject({ cron: "0 6 * * MON-FRI", timezone: "Asia/Tokyo", overlap: "buffer-one" });
    expect(changed).toMatchObject({ input: { a: new Date(0) }, version: "2" });
    expect(changed.nextFireAt?.getUTCHours()).toBe(21);
    const every = await schedules.update("report", { every: "15m", input: 7, maxCatchup: 0 });
    expect(every).toMatchObject({ every: 900_000, input: 7, maxCatchup: 0 });
    expect(every.cron).toBeUndefined();
    expect((every.nextFireAt?.getTime() ?? 1) % 900_000).toBe(0);
    const run = await schedules.trigger("report");
    expect(await run.status()).toMatchObject({ scheduleId: "report", input: 7, version: "2", workflow: "report" });
    expect((await run.status()).scheduledAt).toBeUndefined();
    await schedules.delete("report");
    await expect(schedules.get("report")).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: "report" });
    await expect(schedules.delete("report")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await run.status()).status).toBe("pending");
  });

  it("are listed by name, page by page, and by workflow", async () => {
    const { schedules } = f.client;
    for (const id of ["c", "a", "b"]) {
      await schedules.create(id, { workflow: id === "b" ? "other" : "report", cron: "@daily" });
    }
    const first = await schedules.list().page({ size: 2 });
    const second = await schedules.list().page({ size: 2, ...(first.next !== undefined && { after: first.next }) });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(second.next).toBeUndefined();
    const found: string[] = [];
    for await (const { id } of schedules.list({ workflow: "report" })) found.push(id);
    expect(found).toEqual(["a", "c"]);
  });

  it("tell their next times before and after they are made", async () => {
    const { schedules } = f.client;
    const timing: ScheduleTiming = { cron: "30 1 * * *", timezone: "America/New_York" };
    const times = await schedules.preview(timing, 100);
    expect(times).toHaveLength(100);
    await schedules.create("nightly", { workflow: "report", ...timing });
    expect(await schedules.preview("nightly", 3)).toEqual(times.slice(0, 3));
    expect(await schedules.preview({ at: new Date(Date.now() + 60_000) })).toHaveLength(1);
    await expect(schedules.preview(timing, 101)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(schedules.preview("nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("skip what comes while a run has not ended, or keep one of it", async () => {
    const mayEnd = signal();
    const slow = workflow("slow", async (ctx) => ctx.step("work", () => mayEnd.promise));
    await f.work([slow]);
    const { schedules } = f.client;
    await schedules.create("skips", { workflow: slow, every: "1s" });
    await schedules.create("keeps", { workflow: slow, every: "1s", overlap: "buffer-one" });
    for (const id of ["skips", "keeps"]) {
      await expect.poll(async () => (await schedules.get(id)).skipped, PATIENCE).toBeGreaterThanOrEqual(1);
      expect(await schedules.get(id)).toMatchObject({ fired: 1 });
    }
    const buffered = (await schedules.get("keeps")).bufferedFireAt;
    expect(buffered).toBeDefined();
    mayEnd.resolve();
    await expect.poll(async () => (await runsOf("keeps"))[1]?.scheduledAt, PATIENCE).toEqual(buffered);
    await schedules.delete("skips");
    await schedules.delete("keeps");
  });

  it("neither fire nor accumulate in a namespace that is disabled", async () => {
    await f.client.namespaces.create("other");
    await using other = new Client({ ...f.engine.at, namespace: "other" });
    await other.schedules.create("ticks", { workflow: "tick", every: "1s", maxCatchup: 0, overlap: "allow" });
    await expect.poll(async () => (await other.schedules.get("ticks")).fired, PATIENCE).toBeGreaterThanOrEqual(1);
    await f.client.namespaces.disable("other");
    const slotsLater = async (count: number) => {
      const after = Date.now() + count * 1000;
      await expect.poll(() => Date.now() > after, PATIENCE).toBe(true);
      return (await other.runs.list().page()).items.length;
    };
    // What was being committed when the namespace was disabled is there by then.
    const before = await slotsLater(1);
    expect(await slotsLater(2)).toBe(before);
    await f.client.namespaces.enable("other");
    // It is on time again: what is not a minute late was not missed.
    await expect.poll(async () => (await other.runs.list().page()).items.length, PATIENCE).toBeGreaterThan(before);
    await other.schedules.delete("ticks");
  });

  const schema = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "number" ? { value } : { issues: [{ message: "must be a number", path: [] }] },
    },
  };

  it("check their input, and keep it through a codec", async () => {
    const sum = workflow("sum", { input: schema }, async (_ctx, n) => n + 1);
    const wrong = f.client.schedules.create("sum", { workflow: sum, every: "1h", input: "5" as unknown as number });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT", subjectId: "sum" });
    const flip = ({ data, metadata }: { data: Uint8Array; metadata: Readonly<Record<string, string>> }) => ({
      data: data.map((byte) => byte ^ 255),
      metadata,
    });
    const codec = { encode: flip, decode: flip };
    await using secret = new Client({ ...f.engine.at, codec });
    await f.work([sum], { codec });
    expect(await secret.schedules.create("sum", { workflow: sum, every: "1h", input: 5 })).toMatchObject({ input: 5 });
    expect(await (await secret.schedules.trigger("sum")).result({ timeout: "15s" })).toBe(6);
  });

  it.each<[string, Partial<ScheduleTiming> & object, RegExp]>([
    ["a field too few", { cron: "0 6 * *" }, /"0 6 \* \*" is no cron expression.* 4 fields/],
    ["a field too many", { cron: "0 0 6 * * *" }, /6 fields.*"30 6 \* \* MON-FRI"/],
    ["no such minute", { cron: "60 * * * *" }, /60/],
    ["no such day", { cron: "0 0 31 2 *" }, /"0 0 31 2 \*".*no such day/],
    ["what only the library knows", { cron: "0 0 L * *" }, /"L" is no field/],
    ["a step of nothing", { cron: "*/0 * * * *" }, /step/],
    ["an unknown name", { cron: "@reboot" }, /"@reboot".*@daily/],
    ["an empty text", { cron: "" }, /cron_expr/],
    ["a text without end", { cron: `${"0,".repeat(5000)}0 * * * *` }, /256 characters/],
    ["half of a surrogate pair", { cron: "\ud800 * * * *" }, /surrogate/],
    ["an unknown zone", { cron: "@daily", timezone: "Mars/Olympus" }, /"Mars\/Olympus".*Europe\/Paris/],
    ["a zone without an expression", { every: "1h", timezone: "UTC" } as never, /timezone.*cron alone/],
    ["two timings", { cron: "@daily", every: "1h" } as never, /one of cron/],
    ["no timing", {}, /one of cron/],
    ["less than a second", { every: "999ms" }, /999/],
    ["no duration", { every: "soon" }, /"soon"/],
    ["a time that has passed", { at: new Date("2001-01-01") }, /2001-01-01.*passed/],
    ["no date", { at: new Date(Number.NaN) }, /valid Date/],
  ])("are refused with %s", async (_what, timing, message) => {
    const wanted = { workflow: "report", ...timing } as never;
    const refused = f.client.schedules.create("wrong", wanted);
    await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(refused).rejects.toThrow(message);
    expect((await f.client.schedules.list().page()).items).toEqual([]);
  });

  it("are refused with ids, rules and inputs that cannot be", async () => {
    const { schedules } = f.client;
    const fine = { workflow: "report", cron: "@daily" };
    for (const id of ["", "a\0b", "\ud800", "x".repeat(256)]) {
      await expect(schedules.create(id, fine)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    for (const maxCatchup of [-1, 1001, 0.5]) {
      await expect(schedules.create("a", { ...fine, maxCatchup })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    const overlap = schedules.create("a", { ...fine, overlap: "sometimes" as "skip" });
    await expect(overlap).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const large = schedules.create("a", { ...fine, input: "x".repeat(2 ** 21) });
    await expect(large).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await using lost = new Client({ ...f.engine.at, namespace: "nowhere" });
    await expect(lost.schedules.create("a", fine)).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: "nowhere" });
    const calls = [
      () => schedules.pause("a"),
      () => schedules.resume("a"),
      () => schedules.trigger("a"),
      () => schedules.update("a", {}),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: "NOT_FOUND", subject: "schedule", subjectId: "a" });
    }
  });

  it("in the code of a workflow are made with its worker, changed with the code, and are no one else's", async () => {
    const { schedules } = f.client;
    const version = (schedule: Parameters<typeof workflow>[1]) =>
      workflow("report", schedule as object, async () => {});
    const worker = await f.work([version({ schedule: ["0 6 * * *", { every: "1h", maxCatchup: 3 }] })]);
    expect((await schedules.list().page()).items).toMatchObject([
      { id: "report", cron: "0 6 * * *", timezone: "UTC", declaredBy: "report", enabled: true },
      { id: "report-2", every: 3_600_000, maxCatchup: 3, declaredBy: "report" },
    ]);
    await expect(schedules.update("report", { maxCatchup: 5 })).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("change it there"),
    });
    await expect(schedules.create("report", { workflow: "report", cron: "0 6 * * *" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await schedules.pause("report");
    await schedules.create("mine", { workflow: "report", cron: "@daily" });
    await worker.stop();

    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const next = version({ schedule: [{ cron: "0 6 * * *" }, { id: "mine", cron: "@hourly" }] });
    const second = await f.work([next], { logger });
    expect((await schedules.list().page()).items).toMatchObject([
      { id: "mine", cron: "@daily" },
      // Paused by an operator, and not by the code.
      { id: "report", cron: "0 6 * * *", enabled: false },
    ]);
    expect(warnings).toEqual([expect.stringContaining('"mine"')]);
    await schedules.resume("report");
    await second.stop();

    // An older version than new runs take says nothing of schedules.
    await f.work([workflow("report", { version: "2", schedule: "@weekly" }, async () => {})]);
    expect((await schedules.get("report")).cron).toBe("@weekly");
    await f.work([version({ schedule: "@yearly" })]);
    expect((await schedules.get("report")).cron).toBe("@weekly");
    await schedules.delete("report");
  });

  it("in the code are made once by many workers that start at once", async () => {
    const report = workflow("report", { schedule: [{ cron: "@daily" }, { every: "1h" }] }, async () => {});
    await Promise.all(Array.from({ length: 5 }, async () => f.work([report])));
    expect((await f.client.schedules.list().page()).items.map(({ id }) => id)).toEqual(["report", "report-2"]);
    const bare = workflow("report", async () => {});
    await Promise.all(Array.from({ length: 3 }, async () => f.work([bare])));
    expect((await f.client.schedules.list().page()).items).toEqual([]);
  });

  it("in the code make an input for each run, once", async () => {
    let made = 0;
    const report = workflow(
      "report",
      {
        schedule: {
          every: "1s",
          overlap: "allow",
          input: ({ scheduledAt, scheduleId }) => ({ day: scheduledAt, of: scheduleId, made: ++made }),
        },
      },
      async (ctx, input: { day: Date; of: string; made: number }) => {
        await ctx.sleep("wait", "100ms");
        return { ...input, at: ctx.schedule?.scheduledAt, again: await ctx.step("look", () => input.made) };
      },
    );
    await f.work([report]);
    await expect.poll(async () => (await runsOf("report")).length, PATIENCE).toBeGreaterThanOrEqual(1);
    await f.client.schedules.pause("report");
    const [run] = await runsOf("report");
    const result = await f.client.run(run?.id ?? "").result({ timeout: "15s" });
    expect(result).toMatchObject({ day: run?.scheduledAt, of: "report", at: run?.scheduledAt });
    expect((result as { made: number; again: number }).made).toBe((result as { again: number }).again);
    const { records } = await f.client.runs.history(run?.id ?? "");
    expect(records.filter((record) => JSON.stringify(record).includes("schedule input"))).toHaveLength(1);

    const triggered = await f.client.schedules.trigger("report");
    const { createdAt } = await triggered.status();
    expect(await triggered.result({ timeout: "15s" })).toMatchObject({ day: createdAt, of: "report" });

    // A rerun has the same input, whether it begins anew or in the middle.
    const again = await f.client.runs.rerun(run?.id ?? "");
    expect(await again.result({ timeout: "15s" })).toMatchObject({ day: run?.scheduledAt });
    const middle = await f.client.runs.rerun(run?.id ?? "", { fromStep: "look" });
    expect(await middle.result({ timeout: "15s" })).toMatchObject({ day: run?.scheduledAt });
    const other = f.client.runs.rerun(run?.id ?? "", { fromStep: "look", input: 1 });
    await expect(other).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("in the code whose function is gone fail the runs that need it, and say why", async () => {
    const declared = workflow("report", { schedule: { every: "1h", input: () => 1 } }, async (_ctx, n: number) => n);
    const worker = await f.work([declared]);
    await worker.stop();
    const run = await f.client.schedules.trigger("report");
    await f.work([workflow("report", async (_ctx, n: number) => n)]);
    expect(await failure(run)).toMatchObject({ code: "PRECONDITION_FAILED", subjectId: "report" });
    await expect(f.client.schedules.get("report")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(f.client.runs.rerun(run.id)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    const again = await f.client.runs.rerun(run.id, { input: 5 });
    expect(await again.result({ timeout: "15s" })).toBe(5);
  });

  it("in the code that cannot be keep the worker from starting", async () => {
    const wrong = workflow("report", { schedule: "61 * * * *" }, async () => {});
    await expect(f.work([wrong])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(() => workflow("a", { schedule: { every: "often" } }, async () => {})).toThrow(KagziError);
    expect(() =>
      workflow(
        "a",
        {
          schedule: [
            { id: "x", every: "1h" },
            { id: "x", cron: "@daily" },
          ],
        },
        async () => {},
      ),
    ).toThrow(/two schedules "x"/);
    const sum = workflow("sum", { input: schema, schedule: "@daily" }, async (_ctx, n) => n);
    await expect(f.work([sum])).rejects.toMatchObject({ code: "INVALID_ARGUMENT", subjectId: "sum" });
    expect((await f.client.schedules.list().page()).items).toEqual([]);
  });
});
