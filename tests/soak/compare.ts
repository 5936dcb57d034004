import type { ProcessName, Sample } from "./system.ts";

const MOST_HEAP_GROWTH = 5 * 1024 * 1024;
/** What comes and goes by itself: a timer that is just set, a socket that is just let go of. */
const MOST_MORE = 4;
/** Of a table's room: what is removed is used again. */
const MOST_TABLE_GROWTH = 1.5;
/** Each run is removed by a call, and the audit log keeps that for long: an entry, with its places in indexes. */
const AUDIT_ENTRY_BYTES = 300;

/** What has grown between two looks that should not have, one line for each. */
export function grown(early: Sample, late: Sample): readonly string[] {
  const processes: readonly ProcessName[] = ["server", "worker", "client"];
  const database =
    besidesAudit(late) < besidesAudit(early) * MOST_TABLE_GROWTH
      ? []
      : [`the database: from ${early.database.bytes} to ${late.database.bytes} bytes`];
  const connections =
    late.database.connections <= early.database.connections + MOST_MORE
      ? []
      : [`connections: from ${early.database.connections} to ${late.database.connections}`];
  return [...processes.flatMap((name) => grownIn(name, early, late)), ...database, ...connections];
}

function besidesAudit({ database, runs }: Sample): number {
  return database.bytes - runs * AUDIT_ENTRY_BYTES;
}

function grownIn(name: ProcessName, early: Sample, late: Sample): readonly string[] {
  const [before, after] = [early.processes[name], late.processes[name]];
  const lines: string[] = [];
  for (const part of ["heapUsed", "arrayBuffers"] as const) {
    const more = after[part] - before[part];
    if (more >= MOST_HEAP_GROWTH) lines.push(`${part} of the ${name}: ${more} bytes more`);
  }
  if (after.files > before.files + MOST_MORE) lines.push(`files of the ${name}: ${after.files - before.files} more`);
  for (const [kind, count] of Object.entries(after.resources)) {
    const more = count - (before.resources[kind] ?? 0);
    if (more > MOST_MORE) lines.push(`${kind} of the ${name}: ${more} more`);
  }
  return lines;
}
