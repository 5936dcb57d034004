import { KagziError, checkInteger } from "@kagzi/core";

/** The versions of the contract that this server speaks. See docs/adr/0025-a-worker-and-its-server-agree-on-a-protocol.md. */
export const PROTOCOLS = { oldest: 1, newest: 1 };

/**
 * The version of the contract that a worker and its server use: the newest that both speak.
 * @throws KagziError `PRECONDITION_FAILED` if there is none, `INVALID_ARGUMENT` for a range that is none
 */
export function agreeOnProtocol(
  worker: { readonly protocol: number; readonly oldestProtocol: number },
  server: { readonly oldest: number; readonly newest: number },
): number {
  const newest = checkInteger("protocol", worker.protocol === 0 ? 1 : worker.protocol, 1, 1_000_000);
  const oldest = checkInteger("oldest_protocol", worker.oldestProtocol === 0 ? 1 : worker.oldestProtocol, 1, newest);
  if (newest < server.oldest) throw noProtocol(newest, server.oldest, "update the worker");
  if (oldest > server.newest) throw noProtocol(oldest, server.newest, "update the server first, then its workers");
  return Math.min(newest, server.newest);
}

function noProtocol(worker: number, server: number, what: string): KagziError {
  const than = worker < server ? "not before" : "not after";
  return new KagziError(
    "PRECONDITION_FAILED",
    `the worker speaks version ${worker} of the protocol, and this server ${than} ${server}: ${what}`,
  );
}
