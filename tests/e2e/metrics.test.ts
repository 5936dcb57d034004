import { Retry, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

const order = workflow("order", async (ctx) => {
  await ctx.step("charge", { retry: Retry.fixed(3, 1) }, ({ attempt }) => {
    if (attempt === 1) throw new Error("declined");
  });
  await ctx.sleep("cool-off", 5);
  await ctx.step("ship", () => "shipped");
});
const broken = workflow("broken", async (ctx) => {
  await ctx.step("fail", { retry: Retry.none() }, () => {
    throw new Error("no");
  });
});

describe.each(ENGINES.filter(([name]) => name.startsWith("a server")))("the metrics of %s", (_, open) => {
  const f = useEngine(open);
  const page = async (accept = "*/*") => fetch(`${urlOf(f.engine.at)}/metrics`, { headers: { accept } });
  const lines = async () => (await (await page()).text()).split("\n");
  const value = async (series: string) => {
    const line = (await lines()).find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };

  it("count what becomes of runs and steps", async () => {
    await f.work([order, broken]);
    await (await f.client.start(order, undefined)).result();
    await failure(await f.client.start(broken, undefined));
    const of = (name: string) => `{namespace="default",workflow="${name}"`;
    expect(await value(`kagzi_runs_started_total${of("order")}}`)).toBe(1);
    expect(await value(`kagzi_runs_finished_total${of("order")},status="completed"}`)).toBe(1);
    expect(await value(`kagzi_runs_finished_total${of("broken")},status="failed"}`)).toBe(1);
    expect(await value(`kagzi_run_duration_seconds_count${of("order")},status="completed"}`)).toBe(1);
    expect(await value(`kagzi_steps_finished_total${of("order")},status="completed"}`)).toBe(2);
    expect(await value(`kagzi_steps_finished_total${of("broken")},status="failed"}`)).toBe(1);
    expect(await value(`kagzi_step_retries_total${of("order")}}`)).toBe(1);
    expect(await value(`kagzi_step_duration_seconds_count${of("order")}}`)).toBe(3);
    expect(await value(`kagzi_run_schedule_to_start_seconds_count${of("order")}}`)).toBeGreaterThanOrEqual(1);
    expect(await value(`kagzi_rpc_duration_seconds_count{method="StartWorkflow",code="OK"}`)).toBe(2);
    expect(await value(`kagzi_commit_items_sum{op="start"}`)).toBe(2);
    expect(await value(`kagzi_db_query_duration_seconds_count{op="runs.write"}`)).toBeGreaterThan(0);
    expect(await value(`kagzi_serving`)).toBe(1);
    expect(await value(`process_resident_memory_bytes`)).toBeGreaterThan(1e6);
  });

  it("say what waits, and who works", async () => {
    const [begun, end] = [signal(), signal()];
    const holding = workflow("holding", async (ctx) => {
      await ctx.step("hold", async () => {
        begun.resolve();
        await end.promise;
      });
    });
    await f.work([holding], { concurrency: 3 });
    const run = await f.client.start(holding, undefined);
    await begun.promise;
    await f.client.start("nobody", undefined, { version: "1" });
    expect(await value(`kagzi_runs{namespace="default",workflow="holding",state="running"}`)).toBe(1);
    expect(await value(`kagzi_queue_depth{namespace="default",workflow="nobody"}`)).toBe(1);
    expect(await value(`kagzi_queue_oldest_age_seconds{namespace="default",workflow="nobody"}`)).toBeGreaterThanOrEqual(
      0,
    );
    expect(await value(`kagzi_workers{namespace="default"}`)).toBe(1);
    expect(await value(`kagzi_worker_slots{namespace="default",state="used"}`)).toBe(1);
    expect(await value(`kagzi_worker_slots{namespace="default",state="free"}`)).toBe(2);
    // However often they are read, the store is asked once in a while.
    expect(await value(`kagzi_db_query_duration_seconds_count{op="runs.backlog"}`)).toBe(1);
    end.resolve();
    await run.result();
  });

  it("say how late sleepers go on, and count runs that are ended from outside", async () => {
    const sleeper = workflow("sleeper", async (ctx) => ctx.sleep("nap", "1h"));
    await f.work([sleeper]);
    const run = await f.client.start(sleeper, undefined);
    await reaches(run, "sleeping");
    await run.cancel("enough");
    await failure(run);
    const finished = `kagzi_runs_finished_total{namespace="default",workflow="sleeper",status="cancelled"}`;
    await expect.poll(() => value(finished)).toBe(1);
  });

  it("are given as OpenMetrics, too, and say nothing about a single run", async () => {
    await f.work([order]);
    const run = await f.client.start(order, undefined, { id: "order-4711" });
    await run.result();
    const answer = await page("application/openmetrics-text; version=1.0.0");
    expect(answer.headers.get("content-type")).toContain("application/openmetrics-text");
    const text = await answer.text();
    expect(text).toMatch(/# EOF\n$/);
    expect(text).not.toContain(run.id);
    expect(text).not.toContain("4711");
  });
});

describe("the metrics of a worker", () => {
  const f = useEngine(ENGINES[0]?.[1] ?? expect.fail("there is no engine"));

  it("count what it did, and say what it holds", async () => {
    const worker = await f.work([order, broken], { concurrency: 7 });
    await (await f.client.start(order, undefined)).result();
    await failure(await f.client.start(broken, undefined));
    await expect
      .poll(() => worker.metrics())
      .toContain('kagzi_worker_slices_total{workflow="broken",outcome="fail"} 1');
    const lines = (await worker.metrics()).split("\n");
    expect(lines).toContain('kagzi_worker_step_attempts_total{workflow="order",status="completed"} 2');
    expect(lines).toContain('kagzi_worker_step_attempts_total{workflow="order",status="failed"} 1');
    expect(lines).toContain('kagzi_worker_step_duration_seconds_count{workflow="order"} 3');
    expect(lines).toContain('kagzi_worker_slices_total{workflow="order",outcome="complete"} 1');
    expect(lines).toContain("kagzi_worker_active_runs 0");
    expect(lines).toContain("kagzi_worker_max_runs 7");
    expect(lines.some((line) => line.startsWith("process_cpu_seconds_total "))).toBe(true);
  });
});

function urlOf(at: object): string {
  return "url" in at ? String(at.url) : "";
}
