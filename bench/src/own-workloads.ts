import { measureCounting } from "./counting.ts";
import { inProcess, print, throughServer } from "./engines.ts";
import { measureEvents } from "./events.ts";
import type { Figure } from "./figures.ts";
import { measureFullTables } from "./full-tables.ts";
import { measureLimits } from "./limits.ts";
import { measureOverload } from "./overload.ts";
import { measureLongRun } from "./scale/long-run.ts";
import { measureMemory } from "./scale/memory.ts";
import { measureResume } from "./scale/resume.ts";
import { measureTwoServers } from "./scale/two-servers.ts";
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
  { name: "long-run", measure: measureLongRun },
  { name: "resume", measure: measureResume },
  { name: "memory", measure: measureMemory },
  { name: "two-servers", measure: measureTwoServers },
  { name: "overload", measure: printed(() => measureOverload(print)), onlyByName: true },
  { name: "events", measure: printed(measureBoth), onlyByName: true },
  { name: "counting", measure: printed(() => measureCounting(print)), onlyByName: true },
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
