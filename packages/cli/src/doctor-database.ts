import type { Store } from "@kagzi/core";
import { databaseOf, refuseMissingFile, withStore } from "./db.ts";
import { exitCodeOf } from "./exit-code.ts";
import { type Finding, doubtful, good, wrong } from "./finding.ts";
import type { Flags } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** How often its time is asked, and how long that may take. */
const TIMES = 9;
const SLOW_MS = 20;

/** Looks at a database as a server would. */
export async function checkDatabase(cli: Surroundings, flags: Flags): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  try {
    const place = databaseOf(cli, flags);
    refuseMissingFile(cli, place.db);
    await withStore(place, async (store) => {
      found.push(await latencyFound(store), await schemaFound(store));
      const risks = found.every(({ grade }) => grade !== "wrong") ? await store.risks() : [];
      found.push(...risks.map((risk) => doubtful("database", risk, "docs/operate says more")));
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const next = "is it running, and are its address, its user and its password right?";
    found.push({ ...wrong("database", message, next), exitCode: exitCodeOf(error) });
  }
  return found;
}

async function latencyFound(store: Store): Promise<Finding> {
  const took: number[] = [];
  // The first one opens the connection.
  await store.now();
  for (let time = 0; time < TIMES; time++) {
    const begun = performance.now();
    await store.now();
    took.push(performance.now() - begun);
  }
  const median = took.toSorted((a, b) => a - b)[Math.floor(TIMES / 2)] ?? 0;
  const text = `${store.kind} answers after ${median.toFixed(1)} ms`;
  if (median <= SLOW_MS) return good("database", text);
  return doubtful("database", text, "move server and database closer to each other: each commit takes as long");
}

async function schemaFound(store: Store): Promise<Finding> {
  const { newest, version } = await store.schemaState();
  if (version === newest) return good("schema", `version ${version}, the newest`);
  if (version > newest) {
    return wrong("schema", `version ${version} is newer than this program knows (${newest})`, "take a newer Kagzi");
  }
  const text = version === 0 ? "not there yet" : `version ${version}, and ${newest} is known`;
  return doubtful("schema", text, "kagzi db migrate, or start a server of this version");
}
