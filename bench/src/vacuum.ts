import type { Engine } from "./engine.ts";
import type { Figure } from "./figures.ts";
import { withClient } from "./postgres.ts";
import { measureTwins } from "./twins.ts";

/** Whether a plan that was made for empty tables is kept when they are not empty any more. */
export function measureVacuum(): Promise<readonly Figure[]> {
  return measureTwins({ name: "after VACUUM ANALYZE of tables with nothing to do", prepare: vacuum, again: vacuum });
}

async function vacuum({ database }: Engine): Promise<void> {
  if (database !== undefined) await withClient(database.url, (client) => client.query("VACUUM ANALYZE"));
}
