import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  KagziError,
  LIMITS,
  type OfferedWorkflow,
  type SlotClaim,
  type WorkflowLimits,
  type RunReference,
  type StepKind,
  checkInteger,
  checkName,
  checkNamespaceId,
  checkRunId,
  checkStepName,
  checkWaitMs,
  checkWorkerId,
  formatStepKey,
  isUnlimited,
  notFound,
} from "@kagzi/core";
import {
  type AcquireSlotRequest,
  type RegisterRequest,
  StepKind as WireStepKind,
  type WorkerService,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_POLL_MS } from "../engine/task-polls.ts";
import type { Task } from "../engine/session.ts";
import { checkStepLimit } from "../engine/step-limits.ts";
import { formatTaskToken, parseStepToken, parseTaskToken } from "../engine/tokens.ts";
import type { LeaseClaim } from "../engine/unary-worker.ts";
import { STEP_KIND, fromWireError, fromWireLimits, fromWirePolicy, given, givenTime, keyOf } from "./convert.ts";
import { toWireError } from "./errors.ts";
import { readHistory } from "./history.ts";
import { PROTOCOLS, agreeOnProtocol } from "./protocol.ts";
import { declarationOf } from "./schedule-request.ts";
import type { Service } from "./service.ts";
import { leaseOf, work } from "./work-stream.ts";

const DEFAULT_POLL_MS = 30_000;
const DEFAULT_MAX_CONCURRENT = 100;

export function createWorkerService(engine: Engine): Service<typeof WorkerService> {
  const { polls, stepLimits, unary, workers } = engine;
  return {
    async register(request) {
      const protocol = agreeOnProtocol(request, PROTOCOLS);
      const limits = stepLimitsOf(request);
      const declarations = request.workflows.map(declarationOf);
      const worker = newWorker(request);
      const { workerId, heartbeatMs, leaseMs, warnings } = await workers.register(worker, declarations);
      await stepLimits.declare(worker.namespaceId, limits);
      return {
        workerId,
        heartbeatIntervalMs: BigInt(heartbeatMs),
        leaseMs: BigInt(leaseMs),
        maxPayloadBytes: BigInt(LIMITS.payloadBytes),
        warnings: [...warnings],
        protocol,
      };
    },

    async heartbeat(request) {
      const stats = {
        activeCount: Math.min(Math.max(0, request.activeCount), LIMITS.maxConcurrent),
        totalCompleted: countOf(request.totalCompleted),
        totalFailed: countOf(request.totalFailed),
      };
      const named = request.held?.runs.map(leaseOf);
      const { cancelling, drain, lost } = await workers.heartbeat(workerOf(request), stats, named);
      return { lost: [...lost], cancelRunIds: [...cancelling], drain };
    },

    async deregister(request) {
      const { namespaceId, workerId } = workerOf(request);
      await workers.deregister(namespaceId, workerId);
      return {};
    },

    async pollTask(request, { signal }) {
      const timeoutMs = request.timeoutMs === 0n ? DEFAULT_POLL_MS : Number(request.timeoutMs);
      checkInteger("timeout_ms", timeoutMs, 1, LONGEST_POLL_MS);
      const { workflowTypes } = request;
      const task = await polls.poll({ ...workerOf(request), workflowTypes, timeoutMs }, signal);
      return task === undefined ? {} : toPolledTask(task);
    },

    async beginStep(request) {
      const { input, retryPolicy } = request;
      const answer = await unary.beginStep({
        lease: leaseClaim(request),
        name: request.stepName,
        occurrence: request.occurrence === 0 ? undefined : checkInteger("occurrence", request.occurrence, 1, 1e9),
        kind: stepKind(request.kind),
        ...given("input", input),
        ...given("policy", retryPolicy && fromWirePolicy(retryPolicy)),
      });
      return {
        stepId: answer.stepToken,
        shouldExecute: answer.shouldExecute,
        attemptNumber: answer.attempt,
        ...given("cachedOutput", answer.output),
        ...given("error", answer.error && toWireError(answer.error)),
      };
    },

    async completeStep(request) {
      const output = await unary.completeStep(stepToken(request), request.output);
      return given("output", output);
    },

    async failStep(request) {
      return toFailAnswer(await unary.failStep(stepToken(request), fromWireError(request.error)));
    },

    async completeWorkflow(request) {
      await unary.completeRun(leaseClaim(request), request.output);
      return {};
    },

    async failWorkflow(request) {
      return toFailAnswer(await unary.failRun(leaseClaim(request), fromWireError(request.error)));
    },

    async sleep(request) {
      if (request.duration === undefined) throw new KagziError("INVALID_ARGUMENT", "duration is missing");
      const ms = checkWaitMs("duration in milliseconds", Math.ceil(durationMs(request.duration)));
      const wakeAt = await unary.sleep(stepToken(request), ms);
      return givenTime("wakeUpAt", wakeAt);
    },

    work: (requests, { signal }) => work(engine, requests, signal),

    readHistory: (request) => readHistory(engine, request),

    acquireSlot: async (request) => ({ granted: await stepLimits.acquire(slotClaim(request)) }),

    async releaseSlot(request) {
      await stepLimits.release(slotClaim(request));
      return {};
    },
  };
}

/** For people to see: one that no worker can have come to is not worth refusing its heartbeat. */
function countOf(total: bigint): number {
  return Math.min(Math.max(0, Number(total)), Number.MAX_SAFE_INTEGER);
}

function slotClaim(request: Omit<AcquireSlotRequest, "$typeName">): SlotClaim {
  const { epoch, limit, occurrence, stepName } = request;
  const step = {
    name: checkStepName(stepName),
    occurrence: checkInteger("the occurrence of a step", occurrence, 1, 2 ** 31 - 1),
  };
  return {
    namespaceId: checkNamespaceId(request.namespaceId),
    runId: checkRunId(request.runId),
    epoch,
    name: checkName("the name of a limit", limit),
    step: formatStepKey(step),
  };
}

function stepLimitsOf({ limits }: RegisterRequest): ReadonlyMap<string, WorkflowLimits> {
  const declared = Object.entries(limits);
  checkInteger("the number of limits", declared.length, 0, LIMITS.limitsPerWorker);
  return new Map(declared.map(([name, each]) => [name, checkStepLimit(name, fromWireLimits(each))]));
}

function newWorker(request: RegisterRequest): Parameters<Engine["workers"]["register"]>[0] {
  const workflows = new Map<string, OfferedWorkflow>();
  for (const workflowType of request.workflowTypes) workflows.set(workflowType, { workflowType, version: "1" });
  for (const each of request.workflows) {
    const { inputSchema, on, timeoutMs, version, workflowType } = each;
    const timeout = given("timeoutMs", timeoutMs === undefined ? undefined : Number(timeoutMs));
    const limits = fromWireLimits(each);
    const offered = {
      workflowType,
      version,
      ...timeout,
      ...(on.length > 0 && { on }),
      ...given("inputSchema", inputSchema),
      ...given("limits", isUnlimited(limits) ? undefined : limits),
    };
    workflows.set(`${workflowType}\0${version}`, offered);
  }
  return {
    namespaceId: checkNamespaceId(request.namespaceId),
    taskQueue: request.taskQueue,
    workflows: [...workflows.values()],
    maxConcurrent: request.maxConcurrent === 0 ? DEFAULT_MAX_CONCURRENT : request.maxConcurrent,
    hostname: request.hostname,
    pid: request.pid,
    version: request.version,
    labels: request.labels,
    ...given("queueConcurrencyLimit", request.queueConcurrencyLimit),
    workflowTypeConcurrency: Object.fromEntries(
      request.workflowTypeConcurrency.map(({ workflowType, maxConcurrent }) => [workflowType, maxConcurrent]),
    ),
  };
}

function workerOf(request: { readonly namespaceId: string; readonly workerId: string }) {
  return { namespaceId: checkNamespaceId(request.namespaceId), workerId: checkWorkerId(request.workerId) };
}

/** The lease that a call presents: that of its token, or, without one, whatever lease the run has. */
function leaseClaim(request: {
  readonly runId: string;
  readonly taskToken: string;
  readonly namespaceId: string;
}): LeaseClaim {
  const runId = checkRunId(request.runId);
  if (request.taskToken === "") return { namespaceId: checkNamespaceId(request.namespaceId), runId };
  const token = parseTaskToken(request.taskToken);
  if (token.runId !== runId) throw otherRun("task_token", runId);
  return ofItsNamespace(token, request);
}

function stepToken(request: { readonly runId: string; readonly stepId: string; readonly namespaceId: string }) {
  const runId = checkRunId(request.runId);
  const token = parseStepToken(request.stepId, checkNamespaceId(request.namespaceId));
  if (token.runId !== runId) throw otherRun("step_id", runId);
  return ofItsNamespace(token, request);
}

/** What was given out in one namespace is nothing in another one. A call that names none speaks for the token's own. */
function ofItsNamespace<Token extends RunReference>(token: Token, request: { readonly namespaceId: string }): Token {
  if (request.namespaceId === "" || checkNamespaceId(request.namespaceId) === token.namespaceId) return token;
  throw notFound("run", token.runId);
}

function otherRun(what: string, runId: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", `${what} was given out for another run than ${runId}`);
}

function stepKind(kind: WireStepKind): StepKind {
  if (kind === WireStepKind.UNSPECIFIED) return "function";
  const known = keyOf(STEP_KIND, kind);
  if (known === "function" || known === "sleep") return known;
  const name = known === undefined ? String(kind) : WireStepKind[kind];
  throw new KagziError("INVALID_ARGUMENT", `kind ${name} is none that BeginStep takes: FUNCTION or SLEEP`);
}

function toPolledTask({ held, history }: Task) {
  return {
    runId: held.runId,
    namespaceId: held.namespaceId,
    workflowType: held.workflowType,
    version: held.version,
    attempt: held.attempt,
    taskToken: formatTaskToken(held),
    ...given("externalId", held.externalId),
    ...given("input", history[0]?.payload),
  };
}

function toFailAnswer({ retryAt }: { readonly retryAt?: number }) {
  return { scheduledRetry: retryAt !== undefined, ...givenTime("retryAt", retryAt) };
}
