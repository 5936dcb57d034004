import { readFileSync } from "node:fs";
import { KagziError } from "./error.ts";

/** What a connection over TLS is made with, in PEM. */
export interface ClientTls {
  /** Who signed the server's certificate, where that is nobody whom the computer knows; default: the file of `KAGZI_TLS_CA`. */
  readonly ca?: string;
  /** The client's own certificate, for servers that ask for one; default: the file of `KAGZI_TLS_CLIENT_CERT`. */
  readonly cert?: string;
  /** Its key; default: the file of `KAGZI_TLS_CLIENT_KEY`. */
  readonly key?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The key that the environment names. @throws KagziError `INVALID_ARGUMENT` for a file that cannot be read */
export function keyFromEnvironment(env: Environment): string | undefined {
  const file = env["KAGZI_API_KEY_FILE"];
  return env["KAGZI_API_KEY"] ?? (file === undefined ? undefined : read("KAGZI_API_KEY_FILE", file).trim());
}

/** What the environment says of TLS. @throws KagziError `INVALID_ARGUMENT` for a file that cannot be read */
export function tlsFromEnvironment(env: Environment): ClientTls | undefined {
  const [ca, cert, key] = ["KAGZI_TLS_CA", "KAGZI_TLS_CLIENT_CERT", "KAGZI_TLS_CLIENT_KEY"].map((name) => {
    const file = env[name];
    return file === undefined ? undefined : read(name, file);
  });
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError("INVALID_ARGUMENT", `the file that ${name} names cannot be read: ${why}`, { cause });
  }
}
