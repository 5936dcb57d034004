import { createHash } from "node:crypto";
import {
  type Instant,
  KagziError,
  LIMITS,
  type NamespaceId,
  type ParentReference,
  type Payload,
  type RerunSource,
  type RetryPolicy,
  type RunId,
  type Start,
  type StartOutcome,
  checkInteger,
  checkName,
  checkOptionalName,
  checkPayload,
  checkRetryPolicy,
  checkStepName,
  checkWaitMs,
  notFound,
  parseStepKey,
  payloadBytes,
  quoteId,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import { type Dispatcher, dispatchKey } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";
import type { HintOutbox } from "./hint-outbox.ts";
import { keysOfInput } from "./limit-keys.ts";
import type { WorkerSession } from "./session.ts";

/** A start as its caller asks for it. */
export interface StartRequest {
  readonly namespaceId: NamespaceId;
  /** Made by the caller so that it can ask again, or by us. */
  readonly runId?: RunId;
  readonly externalId?: string;
  readonly taskQueue: string;
  readonly workflowType: string;
  readonly version?: string;
  readonly input?: Payload;
  readonly retryPolicy?: RetryPolicy;
  readonly priority: number;
  readonly delayMs: number;
  readonly timeoutMs?: number;
  readonly startTimeoutMs?: number;
  readonly parent?: ParentReference;
  /** Values of the input's fields that limits name, from a starter whose input cannot be read here. */
  readonly limitKeys?: Readonly<Record<string, string>>;
  readonly scheduleId?: string;
}

export interface StartAnswer {
  readonly runId: RunId;
  readonly alreadyExists: boolean;
}

/** Starts runs: checks what is asked for, commits it with what others ask for, and hands it to a worker that waits. */
export class Starts {
  readonly #context: EngineContext;
  readonly #catalog: Catalog;
  readonly #dispatcher: Dispatcher;
  readonly #hints: HintOutbox;
  readonly #commits: GroupCommit<Start, StartOutcome>;

  constructor(
    context: EngineContext,
    parts: { readonly catalog: Catalog; readonly dispatcher: Dispatcher; readonly hints: HintOutbox },
  ) {
    this.#context = context;
    this.#catalog = parts.catalog;
    this.#dispatcher = parts.dispatcher;
    this.#hints = parts.hints;
    const { config, env, store } = context;
    this.#commits = new GroupCommit({
      env,
      commit: (starts) => store.runs.start(starts),
      maxItems: config.commitItems,
      bytesOf: (start) => payloadBytes(start.input),
      maxBytes: config.commitBytes,
      patienceMs: config.startPatienceMs,
    });
  }

  /**
   * Starts a run, or finds the one with the same external id and the same input.
   * @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`; `NOT_FOUND` for the namespace or the parent,
   * `PRECONDITION_FAILED` if the namespace is disabled; `CONFLICT` if the external id belongs to another start
   */
  async start(request: StartRequest): Promise<StartAnswer> {
    const start = await this.prepare(request);
    await this.#checkParents([start]);
    const mayClaim = start.delayMs === 0 && start.limitKey === undefined;
    const session = mayClaim ? this.#dispatcher.reserve(start) : undefined;
    try {
      const outcome = await this.#commits.submit(session === undefined ? start : claimedBy(session, start));
      if (outcome.became === "started") {
        if (session !== undefined && !outcome.claimed) await this.#notClaimed(session, start);
        this.#begun(start, outcome.claimed ? session : undefined, outcome.now);
      } else if (beganNow(start, outcome)) await this.#adopt(start, session);
      return answerOf(start, outcome);
    } finally {
      if (session !== undefined) session.reserved -= 1;
    }
  }

  /** Starts all of the runs or none. Throws as {@link start} does, for the first that cannot be started. */
  async startTogether(requests: readonly StartRequest[]): Promise<readonly StartAnswer[]> {
    checkInteger("the number of workflows to start", requests.length, 1, LIMITS.startsPerCall);
    const starts = await Promise.all(requests.map((request) => this.prepare(request)));
    await this.#checkParents(starts);
    const outcomes = await this.#context.store.runs.startTogether(starts);
    const answers = starts.map((start, index) => answerOf(start, outcomes[index]));
    for (const [index, start] of starts.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && beganNow(start, outcome)) this.tell(start);
    }
    return answers;
  }

  close(): Promise<void> {
    return this.#commits.close();
  }

  /** What the store is given for a start. Throws as {@link start} does. */
  async prepare(request: StartRequest): Promise<Start> {
    checkRequest(request);
    const { namespaceId, workflowType, externalId, input, parent, retryPolicy, startTimeoutMs, timeoutMs } = request;
    const limits = await this.#catalog.limits(namespaceId, workflowType);
    const { scheduleId } = request;
    return {
      namespaceId,
      runId: request.runId ?? (this.#context.env.newUuid() as RunId),
      taskQueue: request.taskQueue,
      workflowType,
      version: request.version ?? (await this.#catalog.version(namespaceId, workflowType)),
      priority: request.priority,
      delayMs: request.delayMs,
      ...(limits !== undefined && keysOfInput(limits, input, request.limitKeys)),
      ...(externalId !== undefined && { key: { externalId, fingerprint: fingerprintOf(workflowType, input) } }),
      ...(input !== undefined && { input }),
      ...(retryPolicy !== undefined && { retryPolicy }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(startTimeoutMs !== undefined && { startTimeoutMs }),
      ...(parent !== undefined && { parent }),
      ...(scheduleId !== undefined && { scheduleId }),
    };
  }

  /** Starts a run with recorded steps of another one. Throws as {@link start} does. */
  async rerun(start: Start, source: RerunSource): Promise<StartAnswer> {
    const answer = answerOf(start, await this.#context.store.runs.rerun(start, source));
    if (!answer.alreadyExists) this.tell(start);
    return answer;
  }

  /** The worker that was to have a new run at once was not heard of in time; or the workflow has limits since a moment ago. */
  async #notClaimed(session: WorkerSession, { namespaceId, workflowType }: Start): Promise<void> {
    this.#catalog.forget(namespaceId, [workflowType]);
    const limits = await this.#catalog.limits(namespaceId, workflowType);
    if (limits === undefined) session.lapsed = true;
  }

  /** A run that goes its own way was started by one of its own namespace. Where a parent waits, the store looks at it. */
  async #checkParents(starts: readonly Start[]): Promise<void> {
    const parents = starts.flatMap(({ namespaceId, parent }) =>
      parent === undefined || parent.awaited ? [] : [{ namespaceId, runId: parent.runId }],
    );
    if (parents.length === 0) return;
    const details = await this.#context.store.runs.get(parents);
    const missing = parents.find((_, index) => details[index] === undefined);
    if (missing !== undefined)
      throw notFound("run", missing.runId, "a run names as its parent one of its own namespace");
  }

  /** The run is in the store: it goes to the worker that took it, or word goes to whoever may. */
  #begun(start: Start, session: WorkerSession | undefined, now: Instant): void {
    if (session === undefined) return this.tell(start);
    this.#log(start);
    const held = {
      ...dispatchKey(start),
      runId: start.runId,
      epoch: 1,
      attempt: 1,
      createdAt: now,
      ...(start.key !== undefined && { externalId: start.key.externalId }),
      ...(start.retryPolicy !== undefined && { retryPolicy: start.retryPolicy }),
      ...(start.parent !== undefined && { parent: start.parent }),
      ...(start.scheduleId !== undefined && { scheduleId: start.scheduleId }),
    };
    session.held.set(start.runId, held);
    session.link.give([{ held, lastSeq: 1, history: [firstRecord(start, now)] }]);
  }

  /** The run was begun by an earlier try whose answer was lost. If it was given to our worker then, that has not heard of it. */
  async #adopt(start: Start, session: WorkerSession | undefined): Promise<void> {
    const [detail] = await this.#context.store.runs.get([start]);
    if (detail?.run.status === "pending") return this.tell(start);
    const isOurs =
      detail?.run.status === "running" && detail.run.epoch === 1 && detail.run.workerId === session?.workerId;
    if (isOurs && !session.held.has(start.runId)) this.#begun(start, session, detail.run.createdAt);
  }

  /** Who has set up tracing says with the input from which trace the start comes. */
  #log({ input, namespaceId, runId, workflowType: workflow }: Start): void {
    const [, traceId] = input?.metadata["traceparent"]?.split("-") ?? [];
    this.#context.log.debug("a run was started", {
      namespaceId,
      runId,
      workflow,
      ...(traceId !== undefined && { traceId }),
    });
  }

  /** The run waits in the store for whoever may take it. */
  tell(start: Start): void {
    this.#log(start);
    const key = dispatchKey(start);
    this.#dispatcher.ready(key, start.delayMs);
    if (start.delayMs === 0) this.#hints.ready(key);
  }
}

function claimedBy(session: WorkerSession, start: Start): Start {
  const timeoutMs = start.timeoutMs ?? session.timeoutOf(start);
  return { ...start, claimedBy: session.workerId, ...(timeoutMs !== undefined && { timeoutMs }) };
}

/** The record that the store has just written. */
function firstRecord(start: Start, now: Instant) {
  return {
    seq: 1,
    epoch: 0,
    kind: "run",
    type: "started",
    name: "",
    occurrence: 1,
    attempt: 1,
    recordedAt: now,
    observedAt: now,
    ...(start.input !== undefined && { payload: start.input }),
  } as const;
}

function checkRequest(request: StartRequest): void {
  checkName("the name of a workflow", request.workflowType);
  checkOptionalName("a task queue", request.taskQueue);
  if (request.version !== undefined) checkName("a version", request.version);
  if (request.externalId !== undefined) checkName("an external id", request.externalId);
  checkInteger("a priority", request.priority, -LIMITS.priority, LIMITS.priority);
  checkWaitMs("delay_ms", request.delayMs);
  if (request.timeoutMs !== undefined) checkWaitMs("timeout_ms", request.timeoutMs);
  if (request.startTimeoutMs !== undefined) checkWaitMs("start_timeout_ms", request.startTimeoutMs);
  if (request.parent !== undefined) checkStepId(request.parent.step);
  if (request.retryPolicy !== undefined) checkRetryPolicy(request.retryPolicy);
  checkPayload(`the input of workflow ${quoteId(request.workflowType)}`, request.input);
}

/** What a second start under the same external id must have in common with the first. */
function fingerprintOf(workflowType: string, input: Payload | undefined): string {
  const hash = createHash("sha256").update(workflowType).update("\0");
  // Bytes that are encrypted differ each time; then the client says by what to know them.
  if (input !== undefined) hash.update(input.metadata["kagzi-fingerprint"] ?? input.data);
  return hash.digest("base64url").slice(0, 22);
}

/** Whether it is this call that started the run: now, or in a try whose answer was lost. */
function beganNow(start: Start, outcome: StartOutcome): boolean {
  return outcome.became === "started" || (outcome.became === "found" && outcome.runId === start.runId);
}

function answerOf(start: Start, outcome: StartOutcome | undefined): StartAnswer {
  if (outcome === undefined) throw new KagziError("INTERNAL", "the store did not answer a start");
  switch (outcome.became) {
    case "started":
      return { runId: start.runId, alreadyExists: false };
    case "found":
      if (outcome.runId === start.runId) return { runId: start.runId, alreadyExists: false };
      if (outcome.fingerprint !== start.key?.fingerprint) throw taken(start, outcome);
      return { runId: outcome.runId, alreadyExists: true };
    default:
      throw refusalOf(start, outcome.because);
  }
}

function refusalOf(start: Start, because: Extract<StartOutcome, { became: "refused" }>["because"]): KagziError {
  if (because === "noNamespace") return noNamespace(start.namespaceId);
  if (because === "namespaceDisabled") return disabled(start.namespaceId);
  const parent = start.parent?.runId ?? "";
  return new KagziError("PRECONDITION_FAILED", `run ${parent} has ended and starts no more children`, {
    subject: "run",
    subjectId: parent,
  });
}

/** The step of a parent, as people name it. */
function checkStepId(step: string): void {
  checkStepName(parseStepKey(step).name);
}

function taken(start: Start, found: { readonly runId: RunId; readonly fingerprint: string }): KagziError {
  const id = start.key?.externalId ?? "";
  return new KagziError(
    "CONFLICT",
    `id ${quoteId(id)} belongs to run ${found.runId}, which was started with another workflow or another input: ` +
      "use a new id for a new run",
    {
      subject: "run",
      subjectId: found.runId,
      metadata: { external_id: id, fingerprint: start.key?.fingerprint ?? "", existing_fingerprint: found.fingerprint },
    },
  );
}

/** The error for a namespace that is not there. */
export function noNamespace(namespaceId: NamespaceId): KagziError {
  return notFound("namespace", namespaceId, "create it first, with CreateNamespace or client.namespaces.create()");
}

/** The error for a namespace in which nothing new starts. */
export function disabled(namespaceId: NamespaceId): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `namespace ${quoteId(namespaceId)} is disabled: nothing new starts in it before it is enabled, with EnableNamespace ` +
      `or client.namespaces.enable(${quoteId(namespaceId)})`,
    { subject: "namespace", subjectId: namespaceId },
  );
}
