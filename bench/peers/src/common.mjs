import { Pool } from "pg";

/** For looking whether all runs are over, which is cheaper here than by any peer's own means. */
export function openPool(url) {
  return new Pool({ connectionString: url, max: 1 });
}

/** Whether a query finds nothing. */
export async function hasNone(pool, sql) {
  const { rows } = await pool.query(sql);
  return rows.length === 0;
}

/** What a peer complains about is shown if its program fails. */
export function complain(...words) {
  process.stderr.write(`${words.join(" ")}\n`);
}
