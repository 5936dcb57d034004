import { readFileSync, statSync } from "node:fs";
import { type SecureContextOptions, type Server, type TlsOptions, createSecureContext } from "node:tls";
import { KagziError } from "@kagzi/core";
import { type Log, errorField } from "../engine/log.ts";

/** Files in PEM. */
export interface TlsFiles {
  /** The server's certificate, and those between it and one that clients know. */
  readonly cert: string;
  readonly key: string;
  /** Who signs clients: with it, only those come in who show a certificate that it signed. */
  readonly clientCa?: string;
}

/** How often it is looked whether the files are others: certificates are renewed while servers run. */
const LOOK_MS = 2000;

/** What a server over TLS begins with. @throws KagziError `PRECONDITION_FAILED` for files that cannot be used */
export function tlsOptions(files: TlsFiles): TlsOptions {
  const asksClients = files.clientCa !== undefined;
  return {
    ...readContext(files),
    ALPNProtocols: ["h2", "http/1.1"],
    requestCert: asksClients,
    rejectUnauthorized: asksClients,
  };
}

/** Takes new files for new connections; those that are there go on. */
export class TlsRenewal {
  readonly #server: Server;
  readonly #files: TlsFiles;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #stamp: string;

  constructor(server: Server, files: TlsFiles, log: Log) {
    this.#server = server;
    this.#files = files;
    this.#log = log;
    this.#stamp = stampOf(files);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Reads the files now. What cannot be used is said in the log, and what was used before is used on. */
  renew(): void {
    try {
      this.#stamp = stampOf(this.#files);
      this.#server.setSecureContext(readContext(this.#files));
      this.#log.info("the TLS certificate was read anew", { file: this.#files.cert });
    } catch (error) {
      this.#log.error("the TLS files cannot be used: the certificate from before is used on", {
        error: errorField(error),
      });
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (stampOf(this.#files) !== this.#stamp) this.renew();
  }
}

function readContext(files: TlsFiles): SecureContextOptions {
  const context = {
    cert: read("certificate", files.cert),
    key: read("key", files.key),
    ...(files.clientCa !== undefined && { ca: read("CA of clients", files.clientCa) }),
  };
  try {
    // Whether they belong together.
    createSecureContext(context);
    return context;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const which = `${files.cert} and ${files.key}`;
    throw new KagziError("PRECONDITION_FAILED", `TLS cannot be had with ${which}: ${why}`, { cause });
  }
}

function read(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError("PRECONDITION_FAILED", `the TLS ${what} cannot be read: ${why}`, { cause });
  }
}

/** Another one when a file is another one. */
function stampOf({ cert, clientCa, key }: TlsFiles): string {
  const stamps = [cert, key, clientCa].map((file) => {
    const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    return found === undefined ? "" : `${found.ino}:${found.size}:${found.mtimeMs}`;
  });
  return stamps.join(" ");
}
