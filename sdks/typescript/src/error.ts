import { DURATION_EXAMPLES, type Duration, parseDuration, showDuration } from "./duration-grammar.ts";

/** What can go wrong, closed: branch on the code and on nothing else. */
export type ErrorCode =
  | "NOT_FOUND"
  | "INVALID_ARGUMENT"
  | "PRECONDITION_FAILED"
  | "CONFLICT"
  | "UNAUTHORIZED"
  | "UNAVAILABLE"
  | "INTERNAL"
  | "TIMEOUT"
  | "CANCELLED"
  | "NONDETERMINISM"
  | "PAYLOAD_TOO_LARGE"
  | "POISON";

/** Codes of errors for which another try gives the same. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_ARGUMENT",
  "PRECONDITION_FAILED",
  "CONFLICT",
  "UNAUTHORIZED",
  "CANCELLED",
  "NONDETERMINISM",
  "PAYLOAD_TOO_LARGE",
  "POISON",
]);

/** What may be said of an error beside its code and its message. */
export interface KagziErrorOptions {
  /** Not to be tried again. Default: by the code. */
  readonly nonRetryable?: boolean;
  /** Not to be tried again before that. */
  readonly retryAfter?: Duration;
  /** What kind of thing the error is about: `run`, `step`, `order` … */
  readonly subject?: string;
  readonly subjectId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The error of Kagzi, and one that a step can throw to say whether and when it is worth another try. */
export class KagziError extends Error {
  override readonly name = "KagziError";
  readonly code: ErrorCode;
  /** Trying again gives the same. */
  readonly nonRetryable: boolean;
  /** The wait before another try that the error asks for, in milliseconds. */
  readonly retryAfter: number | undefined;
  readonly subject: string | undefined;
  readonly subjectId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: KagziErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.nonRetryable = options.nonRetryable ?? FINAL.has(code);
    this.retryAfter = options.retryAfter === undefined ? undefined : waitMs(options.retryAfter);
    this.subject = options.subject;
    this.subjectId = options.subjectId;
    this.metadata = { ...options.metadata };
  }

  /** An error that ends the tries of its step at once. Its code is `PRECONDITION_FAILED`. */
  static nonRetryable(
    message: string,
    options: Omit<KagziErrorOptions, "nonRetryable" | "retryAfter"> = {},
  ): KagziError {
    return new KagziError("PRECONDITION_FAILED", message, { ...options, nonRetryable: true });
  }

  /** An error whose step is tried again not before `wait`. Its code is `UNAVAILABLE`. */
  static retryAfter(
    message: string,
    wait: Duration,
    options: Omit<KagziErrorOptions, "nonRetryable" | "retryAfter"> = {},
  ): KagziError {
    return new KagziError("UNAVAILABLE", message, { ...options, retryAfter: wait });
  }
}

function waitMs(wait: Duration): number {
  const ms = parseDuration(wait);
  if (ms !== undefined) return ms;
  throw new KagziError("INVALID_ARGUMENT", `retryAfter cannot be ${showDuration(wait)}: give ${DURATION_EXAMPLES}`);
}

/** Whether `value` is a {@link KagziError}, of this copy of the package or of another one. */
export function isKagziError(value: unknown): value is KagziError {
  return value instanceof Error && value.name === "KagziError" && "code" in value;
}
