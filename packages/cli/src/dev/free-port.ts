import { type AddressInfo, createServer } from "node:net";
import { KagziError } from "@kagzi/core";

const TRIES = 100;

/** The first port from this one on that nobody listens on. 0 stays 0. @throws KagziError `PRECONDITION_FAILED` if there is none near */
export async function freePort(host: string, from: number): Promise<number> {
  if (from === 0) return 0;
  for (let port = from; port < from + TRIES && port <= 65_535; port++) if (await isFree(host, port)) return port;
  throw new KagziError("PRECONDITION_FAILED", `no port from ${from} on is free: give another --port`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  const bound = await new Promise<AddressInfo | undefined>((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
  if (bound === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}
