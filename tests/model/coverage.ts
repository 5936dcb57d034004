import type { Coverage } from "@kagzi/store-conformance/model";

/** What must have been done, or refused, so that a comparison means something. Refusals of writes count for all of them. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  start: ["done", "started claimed", "found", "refused namespaceDisabled", "refused parentEnded"],
  claim: ["done", "nothing", "refused", "overdue"],
  write: ["done", "refused applied", "refused cancelled", "refused leaseLost", "refused notFound", "refused reload"],
  "write pending": ["done"],
  "write sleeping": ["done"],
  "write waiting": ["done"],
  "write paused": ["done"],
  "write completed": ["done"],
  "write failed": ["done"],
  "write cancelled": ["done"],
  hear: ["done"],
  heartbeat: ["done"],
  deregister: ["done"],
  release: ["done"],
  excuse: ["done", "nothing"],
  lapsed: ["done"],
  takeOver: ["done", "left"],
  overdue: ["done"],
  cancel: ["done", "nothing", "notFound"],
  end: ["done", "nothing", "notFound"],
  pause: ["done", "nothing", "refused", "notFound"],
  resume: ["done", "nothing", "refused", "notFound"],
  retry: ["done", "refused", "notFound"],
  send: ["done", "nothing", "notFound"],
  delete: ["done", "nothing"],
  rerun: ["done", "found", "refused namespaceDisabled"],
  unblock: ["done", "nothing"],
};

/** What was done less often than `least` times. */
export function coverageGaps(coverage: Coverage, least: number): string[] {
  const counts = new Map<string, number>();
  for (const [what, count] of coverage) {
    const name = what.replace(/^write \w+: refused/, "write: refused");
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const required = Object.entries(REQUIRED).flatMap(([name, answers]) => answers.map((answer) => `${name}: ${answer}`));
  return required.flatMap((what) => {
    const count = counts.get(what) ?? 0;
    return count < least ? [`${what}: ${count} times`] : [];
  });
}
