import { createRequire } from "node:module";

/** What may be bound. Neither driver takes booleans or `undefined`, and libsql ends the process over one. */
export type Value = string | number | Uint8Array | null;

/** The part of a SQLite driver that we use, and that node:sqlite and libsql have in common. */
export interface Driver {
  exec(sql: string): void;
  /** Runs a statement and returns its rows. */
  all(sql: string, values: readonly Value[]): unknown[];
  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, values: readonly Value[]): number;
  close(): void;
}

interface PreparedStatement {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint };
}

interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): PreparedStatement;
  close(): void;
}

/** Opens a file with the SQLite that Node brings (22.13 and later), else with libsql, which needs no compiler. */
export function openDriver(path: string): Driver {
  const builtin = nodeSqlite();
  if (builtin !== undefined) return driverOf(new builtin.DatabaseSync(path), NODE_SQLITE);
  const Libsql = createRequire(import.meta.url)("libsql") as new (path: string) => Connection;
  return driverOf(new Libsql(path), LIBSQL);
}

/** Where the two differ. */
interface Dialect {
  readonly bind: (values: readonly Value[]) => readonly unknown[];
  readonly read: (rows: unknown[]) => unknown[];
}

const NODE_SQLITE: Dialect = { bind: (values) => values, read: (rows) => rows };

const LIBSQL: Dialect = {
  // As one array: a Buffer as the first of several arguments ends the process.
  bind: (values) => [values],
  // Its blobs are bare ArrayBuffers.
  read: (rows) => {
    for (const row of rows as Record<string, unknown>[]) {
      for (const column in row) {
        const value = row[column];
        if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
      }
    }
    return rows;
  },
};

function nodeSqlite(): { DatabaseSync: new (path: string) => Connection } | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return undefined;
  return process.getBuiltinModule("node:sqlite") as ReturnType<typeof nodeSqlite>;
}

function driverOf(connection: Connection, dialect: Dialect): Driver {
  // Every statement is kept: preparing one anew costs time, and in libsql memory that is never freed.
  const statements = new Map<string, PreparedStatement>();
  const prepare = (sql: string) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const fresh = connection.prepare(sql);
    statements.set(sql, fresh);
    return fresh;
  };
  return {
    exec: (sql) => {
      connection.exec(sql);
    },
    all: (sql, values) => dialect.read(prepare(sql).all(...dialect.bind(values))),
    run: (sql, values) => Number(prepare(sql).run(...dialect.bind(values)).changes),
    close: () => {
      statements.clear();
      connection.close();
    },
  };
}
