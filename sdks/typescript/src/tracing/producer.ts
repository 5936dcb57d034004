import type { Attributes, Span } from "@opentelemetry/api";
import { type TraceApi, traceApi, tracerOf } from "./api.ts";

/** Does something that begins something elsewhere, within a span of its own: what is sent says that it comes from there. */
export async function produce<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
): Promise<Result> {
  const api = traceApi();
  if (api === undefined) return work();
  const span = tracerOf(api).startSpan(name, { kind: api.SpanKind.PRODUCER, attributes });
  try {
    return await api.context.with(api.trace.setSpan(api.context.active(), span), work);
  } catch (error) {
    failed(api, span, codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span. What the error says is not shown: it may quote what was passed. */
export function failed(api: TraceApi, span: Span, type: string): void {
  span.setAttribute("error.type", type).setStatus({ code: api.SpanStatusCode.ERROR });
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (typeof code === "string") return code;
  return error instanceof Error ? error.name : "Error";
}
