import { connect } from "node:net";
import { KagziError } from "@kagzi/core";

/** Nobody who types a command waits longer than this for a server that does not answer. */
const PATIENCE_MS = 5000;

/**
 * Looks whether anything listens at an address: a client would be patient, and a person is not.
 * @throws KagziError `UNAVAILABLE`; `INVALID_ARGUMENT` for what is no address
 */
export async function checkReachable(url: string, patienceMs = PATIENCE_MS): Promise<void> {
  if (!URL.canParse(url)) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `${JSON.stringify(url)} is no address of a server: give one like http://localhost:50051`,
    );
  }
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/gu, "");
  const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80), timeout: patienceMs });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("timeout", () => reject(new Error(`nothing was heard for ${patienceMs} ms`)));
      socket.once("error", reject);
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError(
      "UNAVAILABLE",
      `no server at ${url}: ${why || "nothing listens there"}; start one, or give --url`,
      {
        cause,
      },
    );
  } finally {
    socket.destroy();
  }
}
