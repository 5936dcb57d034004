import {
  KagziError,
  type NamespaceId,
  type RetryPolicy,
  type RunId,
  type StepKey,
  type StepKind,
  checkInteger,
  checkNamespaceId,
  checkRetryPolicy,
  checkRunId,
  checkStepName,
  parseStepKey,
} from "@kagzi/core";

/** A lease as a worker of the unary calls presents it. */
export interface TaskToken {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  readonly epoch: number;
}

/** A step as such a worker presents it: the lease may be left out, the rest not. */
export interface StepToken extends StepKey {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  readonly epoch?: number;
  readonly kind: StepKind;
  readonly attempt?: number;
  readonly policy?: RetryPolicy;
}

/** Opaque to whoever gets it: all that is needed to fence the writes that come back with it. */
export function formatTaskToken(token: TaskToken): string {
  return pack("t", [token.namespaceId, token.runId, token.epoch]);
}

/** @throws KagziError `INVALID_ARGUMENT` */
export function parseTaskToken(text: string): TaskToken {
  const [namespaceId, runId, epoch] = unpack("t", text, "task_token");
  return {
    namespaceId: checkNamespaceId(typeof namespaceId === "string" ? namespaceId : "?"),
    runId: checkRunId(textOf(runId)),
    epoch: checkInteger("the epoch of task_token", numberOf(epoch), 1, 2 ** 31 - 1),
  };
}

export function formatStepToken(token: Required<Omit<StepToken, "policy">> & Pick<StepToken, "policy">): string {
  const { namespaceId, runId, epoch, kind, name, occurrence, attempt, policy = null } = token;
  return pack("s", [namespaceId, runId, epoch, kind, name, occurrence, attempt, policy]);
}

/**
 * Reads what {@link formatStepToken} wrote, or a plain step id, `<run_id>/<step>`, in the given namespace.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export function parseStepToken(text: string, plainIn: NamespaceId): StepToken {
  const plain = /^([0-9a-f-]{36})\/(.+)$/su.exec(text);
  if (plain?.[1] !== undefined && plain[2] !== undefined) {
    const key = parseStepKey(plain[2]);
    checkStepName(key.name);
    return { ...key, namespaceId: plainIn, runId: checkRunId(plain[1]), kind: "function" };
  }
  const [namespaceId, runId, epoch, kind, name, occurrence, attempt, policy = null] = unpack("s", text, "step_id");
  return {
    namespaceId: checkNamespaceId(typeof namespaceId === "string" ? namespaceId : "?"),
    runId: checkRunId(textOf(runId)),
    epoch: checkInteger("the epoch of step_id", numberOf(epoch), 1, 2 ** 31 - 1),
    kind: kind === "sleep" ? "sleep" : "function",
    name: checkStepName(textOf(name)),
    occurrence: checkInteger("the occurrence of step_id", numberOf(occurrence), 1, 2 ** 31 - 1),
    attempt: checkInteger("the attempt of step_id", numberOf(attempt), 1, 2 ** 31 - 1),
    ...(policy !== null && { policy: policyOf(policy) }),
  };
}

// Anybody can write a token: what is in it is no more trusted than what else a call says.

function textOf(part: unknown): string {
  return typeof part === "string" ? part : "";
}

function numberOf(part: unknown): number {
  return typeof part === "number" ? part : Number.NaN;
}

function policyOf(policy: unknown): RetryPolicy {
  const {
    backoffCoefficient,
    initialIntervalMs,
    intervalIncrementMs,
    jitter,
    maximumAttempts,
    maximumIntervalMs,
    nonRetryableErrors,
  } = policy as Readonly<Partial<Record<keyof RetryPolicy, unknown>>>;
  const errors: readonly unknown[] = Array.isArray(nonRetryableErrors) ? nonRetryableErrors : [];
  return checkRetryPolicy({
    maximumAttempts: numberOf(maximumAttempts),
    initialIntervalMs: numberOf(initialIntervalMs),
    backoffCoefficient: numberOf(backoffCoefficient),
    maximumIntervalMs: numberOf(maximumIntervalMs),
    intervalIncrementMs: numberOf(intervalIncrementMs),
    jitter: jitter === true,
    nonRetryableErrors: errors.map(textOf),
  });
}

function pack(kind: string, parts: readonly unknown[]): string {
  return `${kind}.${Buffer.from(JSON.stringify(parts)).toString("base64url")}`;
}

function unpack(kind: string, text: string, what: string): readonly unknown[] {
  try {
    if (!text.startsWith(`${kind}.`)) throw new SyntaxError("another kind of token");
    const parts: unknown = JSON.parse(Buffer.from(text.slice(2), "base64url").toString("utf8"));
    if (!Array.isArray(parts)) throw new SyntaxError("not a list");
    return parts;
  } catch (cause) {
    throw new KagziError("INVALID_ARGUMENT", `${what} is not one that this server gave out`, { cause });
  }
}
