import type { Attributes, Link, Span, SpanContext } from "@opentelemetry/api";
import type { Payload } from "@kagzi/proto";
import { type TraceApi, traceApi, tracerOf } from "./api.ts";
import { carriedFrom, senderOf } from "./carrier.ts";
import { failed } from "./producer.ts";

/** Which run is traced. */
export interface TracedRun {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly namespace: string;
  readonly attempt: number;
}

/** An attempt of a step. */
export interface TracedStep {
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
}

/** One slice: from when a worker has a run until it parks, gives back or ends it. */
interface Slice {
  readonly api: TraceApi;
  readonly span: Span;
}

/**
 * What is traced of a run in this process: a trace of its own for each slice, linked to who started the run and to the slice
 * before. No span is held across a wait, which may last for months; and only what is executed has one, never what is replayed.
 */
export class RunTrace {
  readonly #run: TracedRun;
  readonly #input: Payload | undefined;
  #slice: Slice | undefined;
  #previous: SpanContext | undefined;

  constructor(run: TracedRun, input: Payload | undefined) {
    this.#run = run;
    this.#input = input;
  }

  /** A slice begins. */
  begin(): void {
    const api = traceApi();
    if (api === undefined) return;
    const from = [senderOf(this.#input), this.#previous];
    const links = from.flatMap((context): Link[] => (context === undefined ? [] : [{ context }]));
    const options = { kind: api.SpanKind.CONSUMER, root: true, links, attributes: attributesOf(this.#run) };
    const span = tracerOf(api).startSpan(`kagzi.run.execute ${this.#run.workflow}`, options, api.ROOT_CONTEXT);
    this.#slice = { api, span };
  }

  /** The slice is over, and this has become of the run. */
  end(outcome: string, error?: string): void {
    if (this.#slice === undefined) return;
    const { api, span } = this.#slice;
    this.#slice = undefined;
    this.#previous = span.spanContext();
    span.setAttribute("kagzi.run.outcome", outcome);
    if (error !== undefined) failed(api, span, error);
    span.end();
  }

  /** The run was handed something that was sent to it. */
  took(payload: Payload | undefined): void {
    const context = senderOf(payload);
    if (context !== undefined) this.#slice?.span.addLink({ context });
  }

  /** A payload that this run sends to others. */
  carried(payload: Payload | undefined): Payload | undefined {
    return carriedFrom(payload, this.#slice?.span.spanContext());
  }

  /** Runs the code of the run. It has no span: it is run anew with each replay, and goes on from slice to slice. */
  outside<Result>(run: () => Result): Result {
    return this.#slice === undefined ? run() : this.#slice.api.context.with(this.#slice.api.ROOT_CONTEXT, run);
  }

  /** Makes an attempt of a step, within its span. `errorOf` says of what it gave whether it failed. */
  async step<Result>(
    step: TracedStep,
    make: () => Promise<Result>,
    errorOf: (result: Result) => string | undefined,
  ): Promise<Result> {
    if (this.#slice === undefined) return make();
    const { api, span: parent } = this.#slice;
    const inSlice = api.trace.setSpan(api.ROOT_CONTEXT, parent);
    const { key: id, attempt, name } = step;
    const attributes = { ...attributesOf(this.#run), "kagzi.step.id": id, "kagzi.step.attempt": attempt };
    const span = tracerOf(api).startSpan(`kagzi.step ${name}`, { attributes }, inSlice);
    const result = await api.context.with(api.trace.setSpan(inSlice, span), make);
    const error = errorOf(result);
    if (error !== undefined) failed(api, span, error);
    span.end();
    return result;
  }

  /** For the log: in which trace this is. */
  get ids(): { readonly traceId?: string; readonly spanId?: string } {
    if (this.#slice === undefined) return {};
    const { api, span } = this.#slice;
    const { spanId, traceId } = (api.trace.getActiveSpan() ?? span).spanContext();
    return { traceId, spanId };
  }
}

function attributesOf({ attempt, namespace, runId, version, workflow }: TracedRun): Attributes {
  return {
    "kagzi.run.id": runId,
    "kagzi.run.workflow": workflow,
    "kagzi.run.version": version,
    "kagzi.run.namespace": namespace,
    "kagzi.run.attempt": attempt,
  };
}
