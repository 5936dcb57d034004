/** What can go wrong, closed: callers branch on the code and on nothing else. */
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

/** An error as it is recorded and as it travels: plain data. */
export interface ErrorDetail {
  readonly code: ErrorCode;
  /** What happened, to which id, and what to do. */
  readonly message: string;
  readonly nonRetryable: boolean;
  /** The wait that the sender of the error asks for. */
  readonly retryAfterMs?: number;
  /** What kind of thing the error is about: `run`, `step`, `worker`, `namespace` … */
  readonly subject?: string;
  readonly subjectId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The name of the error class that user code threw. */
  readonly name?: string;
  readonly stack?: string;
  readonly cause?: ErrorDetail;
}

/** Whether trying the same again can help, by code. */
const RETRY_CAN_HELP: Readonly<Record<ErrorCode, boolean>> = {
  NOT_FOUND: true,
  INVALID_ARGUMENT: false,
  PRECONDITION_FAILED: false,
  CONFLICT: false,
  UNAUTHORIZED: false,
  UNAVAILABLE: true,
  INTERNAL: true,
  TIMEOUT: true,
  CANCELLED: false,
  NONDETERMINISM: false,
  PAYLOAD_TOO_LARGE: false,
  POISON: false,
};

/** Whether an error with this code is worth another try. */
export function retryCanHelp(code: ErrorCode): boolean {
  return RETRY_CAN_HELP[code];
}

/** What the server and the stores throw: an {@link ErrorDetail} that can be thrown. */
export class KagziError extends Error {
  override readonly name = "KagziError";
  readonly detail: ErrorDetail;

  constructor(
    code: ErrorCode,
    message: string,
    about: Omit<Partial<ErrorDetail>, "code" | "message" | "cause"> & { readonly cause?: unknown } = {},
  ) {
    const { cause, ...rest } = about;
    super(message, cause === undefined ? undefined : { cause });
    this.detail = { nonRetryable: !retryCanHelp(code), ...rest, code, message };
  }

  get code(): ErrorCode {
    return this.detail.code;
  }
}

/** The code of whatever was thrown; `INTERNAL` for what is not ours. */
export function errorCodeOf(thrown: unknown): ErrorCode {
  return isKagziError(thrown) ? thrown.detail.code : "INTERNAL";
}

/** Whether `thrown` is a {@link KagziError}, of this copy of the package or of another one. */
export function isKagziError(thrown: unknown): thrown is KagziError {
  return thrown instanceof Error && thrown.name === "KagziError" && "detail" in thrown;
}

/** Nothing by that id is there, or not in that namespace. */
export function notFound(subject: string, subjectId: string, hint = ""): KagziError {
  return new KagziError("NOT_FOUND", `${subject} ${quoteId(subjectId)} does not exist${hint && `: ${hint}`}`, {
    nonRetryable: true,
    subject,
    subjectId,
  });
}

/** A write by a worker that no longer holds the run. It changed nothing. */
export function leaseLost(runId: string, epoch: number | undefined): KagziError {
  const lease = epoch === undefined ? "the lease" : `lease ${epoch}`;
  return new KagziError(
    "PRECONDITION_FAILED",
    `${lease} of run ${runId} is lost: the run has ended or went to another worker; drop it, nothing was changed`,
    { subject: "run", subjectId: runId, metadata: { reason: "LEASE_LOST" } },
  );
}

/** An id as it stands in a message: quoted, and cut where it is long. */
export function quoteId(id: string): string {
  return JSON.stringify(id.length > 80 ? `${id.slice(0, 77)}...` : id);
}
