import { KagziError, isKagziError } from "@kagzi/core";
import { DatabaseError } from "pg";

/** What this or that transaction lost to another one, and what trying again cures: serialization and deadlock. */
const TRANSIENT = new Set(["40001", "40P01"]);

const UNIQUE_VIOLATION = "23505";

/** Classes and codes of SQLSTATE that say that the database cannot serve now, and may later. */
const UNAVAILABLE = /^(08...|57P..|53...|55P03|57014|25006|58...|XX000)$/;

/** There is no such table: the first server is about to make the schema. */
const NO_TABLE = "42P01";

/** What no waiting cures: wrong credentials, no such database or schema, no right to it. */
const MISCONFIGURED = /^(28...|3D000|3F000|42501)$/;

/** Whether the transaction was undone because of another one and can be run again at once. */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseError && (TRANSIENT.has(error.code ?? "") || isBegun(error));
}

/** Whether a run was begun by somebody else since this transaction looked: the next try finds it. */
function isBegun(error: DatabaseError): boolean {
  return error.code === UNIQUE_VIOLATION && error.constraint === "runs_pkey";
}

/** Codes after which a connection leads nowhere: its server ends, or was demoted and only reads now. */
const LEADS_NOWHERE = /^(08...|57P..|25006)$/;

/** Whether a statement was refused, and the connection is as good as before. */
export function isRefusal(error: unknown): boolean {
  if (isKagziError(error)) return true;
  return error instanceof DatabaseError && error.severity === "ERROR" && !LEADS_NOWHERE.test(error.code ?? "");
}

/** Whether the database is a standby now, or was made read-only: another connection may lead to one that is not. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "25006";
}

/** Whether a row with this key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  const cause = isKagziError(error) ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === UNIQUE_VIOLATION;
}

/** Whatever the driver threw, as one of our errors, the original as its cause. */
export function translateError(error: unknown): KagziError {
  if (isKagziError(error)) return error;
  if (!(error instanceof DatabaseError)) return unreachableDatabase(error);
  const code = error.code ?? "";
  if (MISCONFIGURED.test(code)) {
    return new KagziError("PRECONDITION_FAILED", `the database refuses us: ${error.message}`, { cause: error });
  }
  if (code === NO_TABLE) {
    return new KagziError("UNAVAILABLE", `the schema is not there yet: ${error.message}`, { cause: error });
  }
  if (UNAVAILABLE.test(code) || isTransient(error)) {
    return new KagziError("UNAVAILABLE", `the database cannot serve now: ${error.message}`, { cause: error });
  }
  return new KagziError("INTERNAL", `the database refused a statement: ${error.message} (SQLSTATE ${code})`, {
    cause: error,
  });
}

/** All that is not the server's own answer is a connection that failed, or an answer that did not come in time. */
function unreachableDatabase(error: unknown): KagziError {
  const message = error instanceof Error ? error.message : String(error);
  return new KagziError("UNAVAILABLE", `the database cannot be reached: ${message || "connection failed"}`, {
    cause: error,
  });
}
