import { type ReactNode, useSyncExternalStore } from "react";
import { type Instant, formatDuration, formatInstant, formatRelative, toMs } from "../app/format.ts";
import { timeZone } from "../app/time-zone.ts";

// One clock for the whole page: a list of a thousand times has one timer.

const listeners = new Set<() => void>();
let now = Date.now();
/** How far the server's clock is ahead of this one's. */
let aheadMs = 0;

window.setInterval(() => {
  if (document.hidden || listeners.size === 0) return;
  now = Date.now() + aheadMs;
  for (const listener of listeners) listener();
}, 1000);

/** Times are the server's: its clock is followed, not that of this computer. */
export function followClock(serverNowMs: number): void {
  aheadMs = serverNowMs - Date.now();
}

/** The time by the server's clock, now. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}

function subscribe(listener: () => void): () => void {
  now = Date.now() + aheadMs;
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The time by the server's clock, each second anew. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export interface TimeProps {
  readonly at: Instant | undefined;
  /** `absolute`: date and clock. Otherwise how long ago, with the date on hover. */
  readonly look?: "relative" | "absolute";
}

/** A point in time; a dash where there is none. */
export function Time({ at, look = "relative" }: TimeProps): ReactNode {
  const zone = timeZone.use();
  const current = useNow();
  if (at === undefined) return <span className="faint">–</span>;
  const ms = toMs(at);
  const absolute = formatInstant(ms, zone);
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute}>
      {look === "absolute" ? absolute : formatRelative(ms, current)}
    </time>
  );
}

export interface ElapsedProps {
  readonly from: Instant | undefined;
  /** Absent: it goes on, and is counted on. */
  readonly to?: Instant | undefined;
}

/** How long something took, or has been taking. */
export function Elapsed({ from, to }: ElapsedProps): ReactNode {
  const current = useNow();
  if (from === undefined) return <span className="faint">–</span>;
  const ms = (to === undefined ? Math.max(current, toMs(from)) : toMs(to)) - toMs(from);
  return (
    <span className="number">
      {to === undefined ? formatDuration(Math.floor(ms / 1000) * 1000) : formatDuration(ms)}
    </span>
  );
}
