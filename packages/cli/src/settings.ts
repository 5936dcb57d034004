import { readFileSync } from "node:fs";
import { KagziError } from "@kagzi/core";
import type { AuthMode, TlsFiles } from "@kagzi/server";
import { durationMs } from "kagzi";

/** What a server is told from outside. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly db: string;
  readonly schema: string | undefined;
  readonly leaseMs: number | undefined;
  /** How long runs are kept after their end; 0: for ever. */
  readonly runRetentionMs: number | undefined;
  readonly logLevel: string;
  /** `undefined`: as the server thinks right for where it listens. */
  readonly auth: AuthMode | undefined;
  readonly tls: TlsFiles | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** Options as the command line has them: text, or absent. */
export type Flags = Readonly<Partial<Record<TextFlag, string>>> & {
  /** `false`: `--no-auth`. */
  readonly auth?: string | boolean;
};

type TextFlag =
  | "host"
  | "port"
  | "db"
  | "schema"
  | "lease"
  | "retention"
  | "logLevel"
  | "tlsCert"
  | "tlsKey"
  | "tlsClientCa"
  | "allowedHosts"
  | "allowedOrigins";

/**
 * Flags go before environment variables, and these before defaults.
 * @throws KagziError `INVALID_ARGUMENT` for what makes no sense
 */
export function readSettings(flags: Flags, env: NodeJS.ProcessEnv, defaultDb: string): Settings {
  const lease = flags.lease ?? env["KAGZI_LEASE_MS"];
  return {
    host: flags.host ?? env["KAGZI_HOST"] ?? "127.0.0.1",
    port: wholeNumber("port", flags.port ?? env["KAGZI_PORT"] ?? "50051", 0, 65_535),
    db: flags.db ?? env["KAGZI_DB_URL"] ?? textOfFile("KAGZI_DB_URL_FILE", env) ?? defaultDb,
    schema: flags.schema ?? env["KAGZI_DB_SCHEMA"],
    leaseMs: lease === undefined ? undefined : wholeNumber("lease", lease, 300, 3_600_000),
    runRetentionMs: retentionMs(flags.retention ?? env["KAGZI_RETENTION"]),
    logLevel: flags.logLevel ?? env["KAGZI_LOG_LEVEL"] ?? "info",
    auth: authMode(flags.auth === false ? "off" : (flags.auth ?? env["KAGZI_AUTH"])),
    tls: tlsFiles(flags, env),
    allowedHosts: listOf(flags.allowedHosts ?? env["KAGZI_ALLOWED_HOSTS"]),
    allowedOrigins: listOf(flags.allowedOrigins ?? env["KAGZI_ALLOWED_ORIGINS"]).map(checkOrigin),
  };
}

function authMode(given: string | boolean | undefined): AuthMode | undefined {
  if (given === undefined || given === true) return undefined;
  if (given === "required" || given === "off") return given;
  throw new KagziError("INVALID_ARGUMENT", `auth must be required or off, not ${JSON.stringify(given)}`);
}

function tlsFiles(flags: Flags, env: NodeJS.ProcessEnv): TlsFiles | undefined {
  const cert = flags.tlsCert ?? env["KAGZI_TLS_CERT"];
  const key = flags.tlsKey ?? env["KAGZI_TLS_KEY"];
  const clientCa = flags.tlsClientCa ?? env["KAGZI_TLS_CLIENT_CA"];
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key, ...(clientCa !== undefined && { clientCa }) };
  throw new KagziError("INVALID_ARGUMENT", "TLS takes a certificate and its key: give --tls-cert and --tls-key");
}

function listOf(text = ""): readonly string[] {
  return text.split(",").flatMap((each) => each.trim() || []);
}

function checkOrigin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new KagziError(
    "INVALID_ARGUMENT",
    `${JSON.stringify(text)} is no origin: give one like https://ops.example.com, without a path`,
  );
}

function textOfFile(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const file = env[name];
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError("INVALID_ARGUMENT", `the file that ${name} names cannot be read: ${why}`, { cause });
  }
}

function retentionMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "off") return 0;
  const ms = durationMs(text, 'the retention, which may also be "off",');
  if (ms > 0) return ms;
  throw new KagziError(
    "INVALID_ARGUMENT",
    'the retention is 0, which would remove runs at their end: to keep them for ever say "off"',
  );
}

/** @throws KagziError `INVALID_ARGUMENT` */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new KagziError(
    "INVALID_ARGUMENT",
    `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
  );
}
