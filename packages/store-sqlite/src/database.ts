import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Instant, KagziError, isKagziError } from "@kagzi/core";
import { type Driver, type Value, openDriver } from "./driver.ts";

/** Which file, and how it is used. */
export interface SqliteOptions {
  /** A file, made if it is not there; `:memory:` for a database that ends with the process. */
  readonly path: string;
  /** Instead of the computer's clock: for tests. */
  readonly clock?: () => Instant;
}

/** One connection to one file, which no other process has open for writing. */
export class Database {
  readonly #driver: Driver;
  readonly #lock: Driver | undefined;
  readonly #clock: () => Instant;
  #lastNow: Instant = 0;
  #open = true;

  constructor(options: SqliteOptions) {
    this.#clock = options.clock ?? Date.now;
    const inMemory = options.path === ":memory:";
    this.#lock = inMemory ? undefined : lockFile(options.path);
    try {
      this.#driver = openDriver(options.path);
      // FULL: a commit that was acknowledged survives a power cut, which WAL with NORMAL does not promise.
      this.#driver.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
      this.#driver.exec("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
    } catch (error) {
      this.#lock?.close();
      throw translateError(error);
    }
  }

  /** The store's clock. It never goes back while the file is open. */
  now(): Instant {
    this.#lastNow = Math.max(this.#lastNow, this.#clock());
    return this.#lastNow;
  }

  exec(sql: string): void {
    this.#guard(() => this.#driver.exec(sql));
  }

  /** Runs a statement and returns its rows. */
  all<Row>(sql: string, values: readonly Value[] = []): readonly Row[] {
    return this.#guard(() => this.#driver.all(sql, values) as Row[]);
  }

  /** Runs a statement and returns how many rows it changed. */
  change(sql: string, values: readonly Value[]): number {
    return this.#guard(() => this.#driver.run(sql, values));
  }

  /** Runs `work` in one transaction, undone if it throws or if its result is not to be kept. */
  transaction<Result>(work: () => Result, keep: (result: Result) => boolean = () => true): Result {
    // IMMEDIATE: a transaction that reads first and writes later could be refused in the middle.
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec(keep(result) ? "COMMIT" : "ROLLBACK");
      return result;
    } catch (error) {
      this.exec("ROLLBACK");
      throw error;
    }
  }

  /** Takes out all rows but those of the schema's version and of the default namespace. The clock begins anew. */
  clear(): void {
    const tables = this.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('migrations', 'namespaces') ORDER BY name",
    );
    this.transaction(() => {
      for (const { name } of tables) this.change(`DELETE FROM ${name}`, []);
      this.change("DELETE FROM namespaces WHERE namespace_id <> 'default'", []);
    });
    this.#lastNow = 0;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#driver.close();
    this.#lock?.close();
  }

  #guard<Result>(work: () => Result): Result {
    if (!this.#open) throw new KagziError("UNAVAILABLE", "the database is closed");
    try {
      return work();
    } catch (error) {
      throw translateError(error);
    }
  }
}

/**
 * Keeps every other server off the file for as long as this process lives. The lock is SQLite's own exclusive lock on a
 * small file beside it: the operating system drops it however the process ends, which no lock file with a process id can
 * promise. The database itself stays open to readers.
 */
function lockFile(path: string): Driver {
  const lock = `${path}-lock`;
  makeFile(path, lock);
  const driver = openDriver(lock);
  try {
    driver.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    return driver;
  } catch (error) {
    driver.close();
    if (!isBusy(error)) throw error;
    throw new KagziError(
      "PRECONDITION_FAILED",
      `${path} is in use by another Kagzi server: stop it, or give this one a file of its own (servers that share data need PostgreSQL)`,
      { cause: error },
    );
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    /SQLITE_BUSY|database is locked/.test(`${String(Reflect.get(error, "code"))} ${error.message}`)
  );
}

function translateError(error: unknown): KagziError {
  if (isKagziError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isBusy(error)) return new KagziError("UNAVAILABLE", `the database is busy: ${message}`, { cause: error });
  return new KagziError("INTERNAL", `the database refused a statement: ${message}`, { cause: error });
}

/** @throws KagziError `PRECONDITION_FAILED` where no file can be */
function makeFile(path: string, lock: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    closeSync(openSync(lock, "a"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError("PRECONDITION_FAILED", `no database can be kept at ${path}: ${reason}`, { cause });
  }
}
