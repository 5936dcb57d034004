import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

// What @opentelemetry/sdk-node does for you; here the spans are kept, to be printed.
const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const tracer = trace.getTracer("shop");
const order = workflow("order", async (ctx, id: string) => {
  // What the step calls is traced as its part, where that is instrumented.
  await ctx.step("charge", () => tracer.startActiveSpan("POST /payments", (span) => span.end()));
  await ctx.sleep("cooling-off", "30d");
  return ctx.step("ship", () => `${id} is on its way`);
});

await using env = await TestEnvironment.create({ workflows: [order] });
const run = await env.client.start(order, "order-1");
await env.skip("30d");
console.log(await run.result());
await env.close();

const spans = exporter
  .getFinishedSpans()
  .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
const nameOf = (spanId: string) => spans.find((span) => span.spanContext().spanId === spanId)?.name;
function print(parent: string | undefined, indent: string): void {
  for (const span of spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)) {
    const links = span.links.map((link) => nameOf(link.context.spanId));
    console.log(`${indent}${span.name}${links.length > 0 ? `  (linked to: ${links.join(", ")})` : ""}`);
    print(span.spanContext().spanId, `${indent}  `);
  }
}
print(undefined, "");
