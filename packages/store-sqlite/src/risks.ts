import type { Database } from "./database.ts";

/** As `PRAGMA synchronous` answers: what waits for the disk with each commit. */
const FULL = 2;

/** What in the connection's settings could lose what was acknowledged. We set them: a line here is a fault of our own. */
export function risks(database: Database): readonly string[] {
  const [found] = database.all<{ readonly synchronous: number }>("PRAGMA synchronous");
  if (found !== undefined && found.synchronous >= FULL) return [];
  return ["SQLite runs without synchronous = FULL: a power cut can lose what was acknowledged"];
}
