import type { Database } from "./database.ts";
import { statement } from "./sql.ts";

/** Settings of the whole server that no session can make good, and what each of them endangers. */
const DANGEROUS = {
  fsync: "a crash of the computer can lose what was acknowledged, or the whole database",
  full_page_writes: "a crash of the computer can leave pages half written, and with them what was acknowledged",
};

/** What in the server's settings could lose what was acknowledged: a line for each. */
export async function risks(database: Database): Promise<readonly string[]> {
  const found = await database.run<{ name: keyof typeof DANGEROUS }>(
    statement("risks", "SELECT name FROM pg_settings WHERE name = ANY($1::text[]) AND setting = 'off' ORDER BY name"),
    [Object.keys(DANGEROUS)],
  );
  return found.map(({ name }) => `PostgreSQL runs with ${name} = off: ${DANGEROUS[name]}; set it to on`);
}
