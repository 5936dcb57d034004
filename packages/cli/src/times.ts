import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { KagziError } from "@kagzi/core";
import { durationMs } from "kagzi";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** A span in its two largest units: `3h 5m`, `12s`, `40ms`. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  const from = UNITS.findIndex(([, unit]) => ms >= unit);
  let left = ms;
  const parts = UNITS.slice(from, from + 2).map(([name, unit]) => {
    const count = Math.floor(left / unit);
    left -= count * unit;
    return [count, name] as const;
  });
  return parts.flatMap(([count, name]) => (count === 0 ? [] : [`${count}${name}`])).join(" ");
}

/** How far away a time is, in its largest unit: `5m ago`, `in 3h`. */
export function relativeText(at: Date, now: number): string {
  const ms = at.getTime() - now;
  const away = Math.abs(ms);
  const [name, unit] = UNITS.find(([, each]) => away >= each) ?? (["s", 1000] as const);
  const count = Math.floor(away / unit);
  if (count === 0) return "now";
  return ms < 0 ? `${count}${name} ago` : `in ${count}${name}`;
}

export function dateOf(at: Timestamp | undefined): Date | undefined {
  return at === undefined ? undefined : timestampDate(at);
}

/**
 * A point in time as users write it: a date and time of ISO 8601, or a span, which is so long before now.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export function timeGiven(flag: string, text: string, now: number): Date {
  if (/^\d{4}-\d{2}-\d{2}/u.test(text)) {
    const at = new Date(text);
    if (!Number.isNaN(at.getTime())) return at;
  }
  const example = `give a time like 2026-01-31T09:00:00Z, or how long ago, like 90m`;
  try {
    return new Date(now - durationMs(text, flag));
  } catch (cause) {
    throw new KagziError("INVALID_ARGUMENT", `${flag} cannot be ${JSON.stringify(text)}: ${example}`, { cause });
  }
}
