import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { Retry, workflow } from "kagzi";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { quiet, reaches, useEngine } from "./fixture.ts";

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});

afterAll(() => {
  trace.disable();
  context.disable();
});

beforeEach(() => exporter.reset());

const query = async (text: string) => trace.getTracer("database").startActiveSpan(text, async (span) => span.end());

describe.each(ENGINES)("the traces of %s", (_, open) => {
  const f = useEngine(open);

  it("show a slice for each time that a run is executed, and in it the steps that were", async () => {
    const order = workflow("order", async (ctx) => {
      await ctx.step("charge", () => query("INSERT"));
      await ctx.sleep("cool-off", 400);
      await ctx.step("ship", () => "shipped");
    });
    await f.work([order]);
    const run = await f.client.start(order, undefined);
    await run.result();
    await seen("kagzi.run.execute order", 2);
    expect(tree()).toEqual([
      "kagzi.run.start order",
      "kagzi.run.execute order [park] <- kagzi.run.start order",
      "  kagzi.step charge",
      "    INSERT",
      "kagzi.run.execute order [complete] <- kagzi.run.start order, kagzi.run.execute order",
      "  kagzi.step ship",
    ]);
    // Nothing is held across the sleep.
    const traces = new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId));
    expect(traces.size).toBe(3);
    const ids = named("kagzi.step").map(({ attributes }) => [attributes["kagzi.run.id"], attributes["kagzi.step.id"]]);
    expect(ids).toEqual([
      [run.id, "charge"],
      [run.id, "ship"],
    ]);
  });

  it("show each attempt of a step, and which of them failed, but not with what words", async () => {
    const flaky = workflow("flaky", async (ctx) => {
      await ctx.step("call", { retry: Retry.fixed(3, 1) }, ({ attempt }) => {
        if (attempt < 3) throw new TypeError("secret-4711");
      });
    });
    await f.work([flaky]);
    await (await f.client.start(flaky, undefined)).result();
    await expect.poll(() => named("kagzi.step").length).toBe(3);
    const attempts = named("kagzi.step").map(({ attributes, status }) => [
      attributes["kagzi.step.attempt"],
      attributes["error.type"],
      status.code === SpanStatusCode.ERROR,
    ]);
    expect(attempts).toEqual([
      [1, "TypeError", true],
      [2, "TypeError", true],
      [3, undefined, false],
    ]);
    const said = exporter.getFinishedSpans().map(({ attributes, events, status }) => ({ attributes, events, status }));
    expect(JSON.stringify(said)).not.toContain("secret-4711");
  });

  it("lead from a run to its child, and from an event to who took it", async () => {
    const child = workflow("child", async (ctx, name: string) => {
      const event = await ctx.waitForEvent("approved");
      return `${name} ${String(event?.payload)}`;
    });
    const parent = workflow("parent", async (ctx) => ctx.invoke(child, "of parent"));
    await f.work([parent, child]);
    const run = await f.client.start(parent, undefined);
    await expect.poll(async () => (await f.client.runs.list({ workflow: "child" }).page()).items.length).toBe(1);
    const [found] = (await f.client.runs.list({ workflow: "child" }).page()).items;
    const begun = f.client.run(found?.id ?? "", child);
    await reaches(begun, "waiting");
    await begun.send("approved", "yes");
    expect(await run.result()).toBe("of parent yes");
    await seen("kagzi.run.execute child", 2);
    const [first, second] = named("kagzi.run.execute child").map(linksOf);
    expect(first).toEqual(["kagzi.run.execute parent"]);
    expect(second).toEqual(["kagzi.run.execute parent", "kagzi.run.execute child", "kagzi.event.send approved"]);
  });

  it("show nothing of what is replayed", async () => {
    const long = workflow("long", async (ctx) => {
      await ctx.step("first", () => "done");
      await ctx.waitForEvent("go");
      await ctx.step("second", () => "done");
    });
    const before = await f.work([long]);
    const run = await f.client.start(long, undefined);
    await reaches(run, "waiting");
    await before.stop();
    await f.work([long]);
    await run.send("go");
    await run.result();
    await expect.poll(() => named("kagzi.step second").length).toBe(1);
    expect(named("kagzi.step first")).toHaveLength(1);
  });

  it("lead on from the trace of whoever starts a run, and to the log", async () => {
    const logged: { readonly message: string; readonly attributes: Record<string, unknown> }[] = [];
    const info = (message: string, attributes: object = {}) =>
      logged.push({ message, attributes: attributes as Record<string, unknown> });
    const greet = workflow("greet", async (ctx, name: string) => {
      ctx.log.info("hello");
      await ctx.step("write", () => ctx.log.info("in the step"));
      return name;
    });
    await f.work([greet], { logger: { ...quiet, info } });
    const run = await trace.getTracer("web").startActiveSpan("POST /greet", async (span) => {
      const started = await f.client.start(greet, "Ada");
      span.end();
      return started;
    });
    expect(await run.result()).toBe("Ada");
    await seen("kagzi.run.execute greet", 1);
    expect(tree()[0]).toBe("POST /greet");
    expect(tree()[1]).toBe("  kagzi.run.start greet");
    const [slice] = named("kagzi.run.execute greet");
    const [step] = named("kagzi.step write");
    const [hello, inStep] = logged.filter(({ attributes }) => attributes["runId"] === run.id);
    expect(hello?.attributes).toMatchObject(idsOf(slice));
    expect(inStep?.attributes).toMatchObject({ step: "write", attempt: 1, ...idsOf(step) });
  });

  it("change nothing in what a run is given, and in what counts as the same start", async () => {
    const echo = workflow("echo", async (_ctx, value: unknown) => value ?? "nothing");
    await f.work([echo]);
    const run = await f.client.start(echo, undefined, { id: "same" });
    expect(await run.result()).toBe("nothing");
    trace.disable();
    const again = await f.client.start(echo, undefined, { id: "same" });
    expect(again.id).toBe(run.id);
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
});

/** A slice ends a moment after the run's client hears of the end. */
async function seen(name: string, count: number): Promise<void> {
  await expect.poll(() => named(name).length).toBe(count);
}

function named(name: string): readonly ReadableSpan[] {
  return byTime().filter((span) => span.name.startsWith(name));
}

function byTime(): readonly ReadableSpan[] {
  const at = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos;
  return exporter.getFinishedSpans().toSorted((a, b) => at(a) - at(b));
}

function nameOf(spanId: string): string {
  return exporter.getFinishedSpans().find((span) => span.spanContext().spanId === spanId)?.name ?? "?";
}

function linksOf({ links }: ReadableSpan): readonly string[] {
  return links.map((link) => nameOf(link.context.spanId));
}

function idsOf(span: ReadableSpan | undefined): object {
  const { spanId, traceId } = span?.spanContext() ?? {};
  return { spanId, traceId };
}

/** Every span under its parent, in the order in which they began, with its links. */
function tree(parent?: string, depth = 0): readonly string[] {
  const own = byTime().filter((span) => span.parentSpanContext?.spanId === parent);
  return own.flatMap((span) => {
    const outcome = span.attributes["kagzi.run.outcome"];
    const links = linksOf(span);
    const line = [
      "  ".repeat(depth) + span.name,
      ...(outcome === undefined ? [] : [`[${String(outcome)}]`]),
      ...(links.length === 0 ? [] : [`<- ${links.join(", ")}`]),
    ];
    return [line.join(" "), ...tree(span.spanContext().spanId, depth + 1)];
  });
}
