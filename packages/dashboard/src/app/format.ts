/** In which zone points in time are written: the browser's, or UTC. */
export type TimeZone = "local" | "utc";

/** What protobuf calls a Timestamp. */
export interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

export function toMs(instant: Instant): number {
  return Number(instant.seconds) * 1000 + Math.floor(instant.nanos / 1e6);
}

/** A point in time, as requests carry it. */
export function toInstant(ms: number): Instant {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.floor(((ms % 1000) + 1000) % 1000) * 1e6 };
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** `0 ms`, `340 ms`, `2.4 s`, `3 min 20 s`, `2 d 4 h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1).replace(/\.0$/u, "")} s`;
  const whole = Math.round(ms / 1000) * 1000;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[first] ?? UNITS[3];
  const next = UNITS[first + 1];
  const count = Math.floor(whole / size);
  const rest = next === undefined ? 0 : Math.floor((whole - count * size) / next[1]);
  return rest === 0 || next === undefined ? `${count} ${unit}` : `${count} ${unit} ${rest} ${next[0]}`;
}

/** `just now`, `12 s ago`, `in 3 min`. */
export function formatRelative(ms: number, nowMs: number): string {
  const distance = Math.abs(nowMs - ms);
  if (distance < 1500) return "just now";
  const [unit, size] = UNITS.find(([, each]) => distance >= each) ?? UNITS[3];
  const text = `${Math.floor(distance / size)} ${unit}`;
  return ms > nowMs ? `in ${text}` : `${text} ago`;
}

/** `2026-11-21 22:04:51.123 UTC`. */
export function formatInstant(ms: number, zone: TimeZone): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "at no time";
  if (zone === "utc") return `${date.toISOString().slice(0, 23).replace("T", " ")} UTC`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")} ${offset(date)}`;
}

/** `22:04:51`. */
export function formatClock(ms: number, zone: TimeZone): string {
  return formatInstant(ms, zone).slice(11, 19);
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? "−" : "+";
  return `UTC${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const COUNT = new Intl.NumberFormat("en-US");

/** `12,345`. Counts end at 10,000: from there on, `10,000+`. */
export function formatCount(count: number | bigint, cap = 10_000): string {
  return count >= cap ? `${COUNT.format(cap)}+` : COUNT.format(count);
}

/** `340 B`, `12.5 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `1 run`, `2 runs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${COUNT.format(count)} ${count === 1 ? one : many}`;
}
