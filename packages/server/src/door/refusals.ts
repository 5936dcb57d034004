import { Code, ConnectError } from "@connectrpc/connect";

/** Who calls is known, and may not do this. To our clients it is UNAUTHORIZED, to others PERMISSION_DENIED. */
export function forbidden(message: string): ConnectError {
  return new ConnectError(message, Code.PermissionDenied);
}
