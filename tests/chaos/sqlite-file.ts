import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

interface Connection {
  prepare(sql: string): { all(): unknown[] };
  close(): void;
}

/**
 * What SQLite finds wrong with a file that no process has open: one line for each. It looks at a copy, so that the next
 * process finds the file as the last one left it.
 */
export function findCorruption(db: string): readonly string[] {
  const path = db.slice("sqlite:".length);
  if (!existsSync(path)) return [];
  const folder = mkdtempSync(join(tmpdir(), "kagzi-chaos-copy-"));
  try {
    const copy = join(folder, basename(path));
    for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    return check(copy).map((what) => `PRAGMA integrity_check: ${what}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function check(path: string): readonly string[] {
  // The driver that the store brings on every Node.
  const Sqlite = createRequire(import.meta.url)("libsql") as new (path: string) => Connection;
  const connection = new Sqlite(path);
  try {
    const rows = connection.prepare("PRAGMA integrity_check").all() as { readonly integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  } finally {
    connection.close();
  }
}
