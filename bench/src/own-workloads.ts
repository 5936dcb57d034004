import { inProcess, print, throughServer } from "./engines.ts";
import { measureEvents } from "./events.ts";
import type { Figure } from "./figures.ts";
import { measureFullTables } from "./full-tables.ts";
import { measureLimits } from "./limits.ts";
import { measureVacuum } from "./vacuum.ts";

/** Something that is measured of Kagzi alone. */
export interface OwnWorkload {
  /** As it is named on the command line. */
  readonly name: string;
  readonly measure: () => Promise<readonly Figure[]>;
  /** Not a part of the whole: it runs when it is named. */
  readonly onlyByName?: true;
}

/** Whoever adds one adds a line. Figures with a bar land in the table of targets. */
export const OWN_WORKLOADS: readonly OwnWorkload[] = [
  { name: "full-tables", measure: measureFullTables },
  { name: "vacuum", measure: measureVacuum },
  { name: "events", measure: printed(measureBoth), onlyByName: true },
  { name: "limits", measure: printed(() => measureLimits(print)), onlyByName: true },
];

async function measureBoth(): Promise<void> {
  await throughServer(measureEvents);
  await inProcess(measureEvents);
}

/** For workloads that print what they find. */
function printed(measure: () => Promise<void>): () => Promise<readonly Figure[]> {
  return async () => {
    await measure();
    return [];
  };
}
