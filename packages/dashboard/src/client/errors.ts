import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorCode, type ErrorDetail, ErrorDetailSchema } from "@kagzi/proto";

/** What went wrong, for people. */
export interface Problem {
  readonly kind: "unreachable" | "unauthorized" | "not-found" | "refused" | "internal";
  /** What happened, to which id, and what to do. */
  readonly message: string;
  readonly detail?: ErrorDetail;
}

/** Any error of a call, in plain words. */
export function problemOf(thrown: unknown): Problem {
  const error = ConnectError.from(thrown);
  const [detail] = error.findDetails(ErrorDetailSchema);
  const kind = kindOf(error.code);
  const message =
    kind === "unreachable" && detail === undefined ? unreachable(error) : (detail?.message ?? error.rawMessage);
  return { kind, message, ...(detail !== undefined && { detail }) };
}

/** Whether a call was given up because its page has gone. */
export function isAborted(thrown: unknown): boolean {
  if (thrown instanceof DOMException && thrown.name === "AbortError") return true;
  return thrown instanceof ConnectError && thrown.code === Code.Canceled;
}

function kindOf(code: Code): Problem["kind"] {
  switch (code) {
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Unknown:
      return "unreachable";
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return "unauthorized";
    case Code.NotFound:
      return "not-found";
    case Code.Internal:
    case Code.DataLoss:
      return "internal";
    default:
      return "refused";
  }
}

function unreachable(error: ConnectError): string {
  if (error.code === Code.DeadlineExceeded) return "The server has not answered within 20 seconds. Is it overloaded?";
  return "The server cannot be reached. Is it running? The page goes on by itself when it is back.";
}

/** `NOT_FOUND`, as people know it from the API. */
export function codeName(code: ErrorCode): string {
  return ErrorCode[code] ?? "UNKNOWN";
}
