import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorCode, type ErrorDetail, isKagziError, retryCanHelp } from "@kagzi/core";
import { type ErrorDetail as WireErrorDetail, ErrorDetailSchema, ErrorCode as WireErrorCode } from "@kagzi/proto";

export const ERROR_CODE: Readonly<Record<ErrorCode, WireErrorCode>> = {
  NOT_FOUND: WireErrorCode.NOT_FOUND,
  INVALID_ARGUMENT: WireErrorCode.INVALID_ARGUMENT,
  PRECONDITION_FAILED: WireErrorCode.PRECONDITION_FAILED,
  CONFLICT: WireErrorCode.CONFLICT,
  UNAUTHORIZED: WireErrorCode.UNAUTHORIZED,
  UNAVAILABLE: WireErrorCode.UNAVAILABLE,
  INTERNAL: WireErrorCode.INTERNAL,
  TIMEOUT: WireErrorCode.TIMEOUT,
  CANCELLED: WireErrorCode.CANCELLED,
  NONDETERMINISM: WireErrorCode.NONDETERMINISM,
  PAYLOAD_TOO_LARGE: WireErrorCode.PAYLOAD_TOO_LARGE,
  POISON: WireErrorCode.POISON,
};

/** What a gRPC client sees of each of our codes. */
const STATUS: Readonly<Record<ErrorCode, Code>> = {
  NOT_FOUND: Code.NotFound,
  INVALID_ARGUMENT: Code.InvalidArgument,
  PRECONDITION_FAILED: Code.FailedPrecondition,
  CONFLICT: Code.AlreadyExists,
  UNAUTHORIZED: Code.Unauthenticated,
  UNAVAILABLE: Code.Unavailable,
  INTERNAL: Code.Internal,
  TIMEOUT: Code.DeadlineExceeded,
  CANCELLED: Code.Canceled,
  NONDETERMINISM: Code.FailedPrecondition,
  PAYLOAD_TOO_LARGE: Code.ResourceExhausted,
  POISON: Code.Aborted,
};

/** What our clients see of a status that the transport made by itself. */
const CODE_OF_STATUS: Readonly<Record<Code, ErrorCode>> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "INTERNAL",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "TIMEOUT",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "CONFLICT",
  [Code.PermissionDenied]: "UNAUTHORIZED",
  [Code.ResourceExhausted]: "PAYLOAD_TOO_LARGE",
  [Code.FailedPrecondition]: "PRECONDITION_FAILED",
  [Code.Aborted]: "CONFLICT",
  [Code.OutOfRange]: "INVALID_ARGUMENT",
  [Code.Unimplemented]: "PRECONDITION_FAILED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "INTERNAL",
  [Code.Unauthenticated]: "UNAUTHORIZED",
};

/** Hears of errors that are nobody's business but the operator's, with the reference that the caller was given. */
export type OnInternalError = (error: unknown, reference: string) => void;

/**
 * Whatever a handler threw, as its caller sees it: with an ErrorDetail. Of errors that are not ours the caller sees a
 * reference to look for in the log.
 */
export function toConnectError(thrown: unknown, onInternal?: OnInternalError): ConnectError {
  if (thrown instanceof ConnectError) return withDetail(thrown);
  if (isKagziError(thrown)) {
    if (thrown.code === "INTERNAL" && thrown.cause !== undefined) onInternal?.(thrown, "none");
    return connectError(STATUS[thrown.code], thrown.detail);
  }
  const reference = randomUUID();
  onInternal?.(thrown, reference);
  return connectError(Code.Internal, {
    code: "INTERNAL",
    message: `internal error; look for ${reference} in the server's log`,
    nonRetryable: false,
    metadata: { reference },
  });
}

/** The same error with an ErrorDetail, if it has none: the transport made it. */
export function withDetail(error: ConnectError): ConnectError {
  if (error.findDetails(ErrorDetailSchema).length > 0) return error;
  const status = isUnreadable(error) ? Code.InvalidArgument : error.code;
  const code = CODE_OF_STATUS[status];
  const detail = { code, message: error.rawMessage, nonRetryable: !retryCanHelp(code) };
  return connectError(status, detail, error.metadata);
}

/** Bytes that are no such message: the transport takes that for its own failure. */
function isUnreadable(error: ConnectError): boolean {
  return error.code === Code.Internal && error.rawMessage.startsWith("parse binary");
}

/** Whatever was thrown, as an ErrorDetail. */
export function toErrorDetail(thrown: unknown): WireErrorDetail {
  const [detail] = toConnectError(thrown).findDetails(ErrorDetailSchema);
  return detail ?? create(ErrorDetailSchema, { code: WireErrorCode.INTERNAL, message: "internal error" });
}

export function toWireError(detail: ErrorDetail): WireErrorDetail {
  return create(ErrorDetailSchema, {
    code: ERROR_CODE[detail.code],
    message: detail.message,
    nonRetryable: detail.nonRetryable,
    subject: detail.subject ?? "",
    subjectId: detail.subjectId ?? "",
    metadata: { ...detail.metadata },
    name: detail.name ?? "",
    stack: detail.stack ?? "",
    ...(detail.retryAfterMs !== undefined && { retryAfterMs: BigInt(Math.round(detail.retryAfterMs)) }),
    ...(detail.cause !== undefined && { cause: toWireError(detail.cause) }),
  });
}

function connectError(status: Code, detail: ErrorDetail, metadata?: Headers): ConnectError {
  const value = toWireError(detail);
  return new ConnectError(detail.message, status, metadata, [{ desc: ErrorDetailSchema, value }]);
}
