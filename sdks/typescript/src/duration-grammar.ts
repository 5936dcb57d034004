/** A span of time: `"500ms"`, `"30s"`, `"5m"`, `"1h30m"`, `"1d"`, `"2w"`, or a number of milliseconds. */
export type Duration = string | number;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Numbers with their units, one after the other, with a space between at most. */
const GRAMMAR = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w)(?: (?=\d))?)+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

/** 100 years: longer is a mistake. */
const LONGEST_MS = 100 * 365 * 86_400_000;

/** What is taken, for messages. */
export const DURATION_EXAMPLES =
  'a text like "500ms", "30s", "1h30m" or "2w", or a number of milliseconds; at most 100 years';

/** Whole milliseconds; `undefined` for what is no duration, negative, or longer than 100 years. */
export function parseDuration(duration: unknown): number | undefined {
  const ms = typeof duration === "string" ? parse(duration) : duration;
  return typeof ms === "number" && ms >= 0 && ms <= LONGEST_MS ? Math.round(ms) : undefined;
}

function parse(text: string): number | undefined {
  if (!GRAMMAR.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(PART)) ms += Number(number) * (UNITS[unit ?? ""] ?? 0);
  return ms;
}

/** A value as it stands in a message: quoted and cut. */
export function showDuration(given: unknown): string {
  return typeof given === "string" ? JSON.stringify(given.slice(0, 80)) : String(given);
}
