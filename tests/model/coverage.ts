import type { Coverage } from "@kagzi/store-conformance/model";

/** What must have been done, or refused, so that a comparison means something. Refusals of writes count for all of them. */
const REQUIRED: readonly string[] = [
  ...[
    "start: done",
    "start: started claimed",
    "start: found",
    "start: refused namespaceDisabled",
    "start: refused parentEnded",
  ],
  ...[
    "claim: done",
    "claim: nothing",
    "claim: refused",
    "hear: done",
    "heartbeat: done",
    "deregister: done",
    "release: done",
  ],
  ...["write: done", "write pending: done", "write sleeping: done", "write waiting: done", "write paused: done"],
  ...["write completed: done", "write failed: done", "write cancelled: done"],
  ...[
    "write: refused applied",
    "write: refused cancelled",
    "write: refused leaseLost",
    "write: refused notFound",
    "write: refused reload",
  ],
  ...["cancel: done", "cancel: nothing", "cancel: notFound", "end: done", "end: nothing", "end: notFound"],
  ...["pause: done", "pause: nothing", "pause: refused", "pause: notFound"],
  ...[
    "resume: done",
    "resume: nothing",
    "resume: refused",
    "resume: notFound",
    "retry: done",
    "retry: refused",
    "retry: notFound",
  ],
  ...["send: done", "send: nothing", "send: notFound", "delete: done", "delete: nothing"],
  ...["rerun: done", "rerun: found", "rerun: refused namespaceDisabled", "unblock: done", "unblock: nothing"],
  ...["lapsed: done", "takeOver: done", "takeOver: left", "overdue: done"],
];

/** What was done less often than `least` times. */
export function coverageGaps(coverage: Coverage, least: number): string[] {
  const counts = new Map<string, number>();
  for (const [what, count] of coverage) {
    const name = what.replace(/^write \w+: refused/, "write: refused");
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return REQUIRED.flatMap((what) => {
    const count = counts.get(what) ?? 0;
    return count < least ? [`${what}: ${count} times`] : [];
  });
}
