import type { ErrorDetail, Operation } from "@kagzi/core";

export const REASON: ErrorDetail = { code: "CANCELLED", message: "enough", nonRetryable: true };
export const FAILURE: ErrorDetail = { code: "INTERNAL", message: "broken", nonRetryable: true };
export const BLOCKED: ErrorDetail = { code: "NONDETERMINISM", message: "other code", nonRetryable: true };

export const CANCEL: Operation = { do: "cancel", error: REASON, graceMs: 5000 };
export const PAUSE: Operation = { do: "pause", error: REASON };
export const END = { do: "end", status: "cancelled", error: REASON } as const satisfies Operation;
export const RESUME: Operation = { do: "resume" };
export const RETRY: Operation = { do: "retry" };
