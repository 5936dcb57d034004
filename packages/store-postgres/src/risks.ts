import type { Database } from "./database.ts";
import { isPooled } from "./session.ts";
import { statement } from "./sql.ts";

/** Settings of the whole server that no session can make good, and what each of them endangers. */
const DANGEROUS = {
  fsync: "a crash of the computer can lose what was acknowledged, or the whole database",
  full_page_writes: "a crash of the computer can leave pages half written, and with them what was acknowledged",
};

const POOLED =
  "PostgreSQL is reached through a connection pooler: statements are not kept prepared, and this server hears of what others do by looking once a second; for more speed connect it directly";

/** What in the server's settings could lose what was acknowledged, and what keeps servers from hearing of each other: a line for each. */
export async function risks(database: Database): Promise<readonly string[]> {
  const found = await database.run<{ name: keyof typeof DANGEROUS }>(
    statement("risks", "SELECT name FROM pg_settings WHERE name = ANY($1::text[]) AND setting = 'off' ORDER BY name"),
    [Object.keys(DANGEROUS)],
  );
  const lines = found.map(({ name }) => `PostgreSQL runs with ${name} = off: ${DANGEROUS[name]}; set it to on`);
  return (await reachesThroughPooler(database)) ? [...lines, POOLED] : lines;
}

async function reachesThroughPooler(database: Database): Promise<boolean> {
  const client = await database.connect();
  try {
    return isPooled(client);
  } finally {
    await client.end().catch(() => {});
  }
}
