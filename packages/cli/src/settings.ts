import { KagziError } from "@kagzi/core";

/** What a server is told from outside. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly db: string;
  readonly schema: string | undefined;
  readonly leaseMs: number | undefined;
  readonly logLevel: string;
}

/** Options as the command line has them: text, or absent. */
export type Flags = Readonly<Partial<Record<"host" | "port" | "db" | "schema" | "lease" | "logLevel", string>>>;

/**
 * Flags go before environment variables, and these before defaults.
 * @throws KagziError `INVALID_ARGUMENT` for a port or a lease that makes no sense
 */
export function readSettings(flags: Flags, env: NodeJS.ProcessEnv, defaultDb: string): Settings {
  const lease = flags.lease ?? env["KAGZI_LEASE_MS"];
  return {
    host: flags.host ?? env["KAGZI_HOST"] ?? "127.0.0.1",
    port: wholeNumber("port", flags.port ?? env["KAGZI_PORT"] ?? "50051", 0, 65_535),
    db: flags.db ?? env["KAGZI_DB_URL"] ?? defaultDb,
    schema: flags.schema ?? env["KAGZI_DB_SCHEMA"],
    leaseMs: lease === undefined ? undefined : wholeNumber("lease", lease, 300, 3_600_000),
    logLevel: flags.logLevel ?? env["KAGZI_LOG_LEVEL"] ?? "info",
  };
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
