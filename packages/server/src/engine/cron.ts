import { type Instant, KagziError, LIMITS, type NextSlot } from "@kagzi/core";
import { Cron } from "croner";
import { TimeZone } from "./time-zone.ts";

/** What is taken, for messages. */
const EXAMPLE =
  'give five fields (minute, hour, day of the month, month, day of the week) like "30 6 * * MON-FRI", or one of';
const ALIASES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

/** A number, or the name of a month or a day. */
const VALUE = String.raw`(?:\d{1,2}|[A-Za-z]{3})`;
const PART = String.raw`(?:(?:\*|${VALUE}-${VALUE})(?:/\d{1,2})?|${VALUE})`;
/** One field: numbers or names with their ranges, lists and steps. What else the library takes is not offered. */
const FIELD = new RegExp(`^${PART}(?:,${PART})*$`);

/** Zones that are kept at once with what was found out about them. */
const MAX_ZONES = 1000;
const zones = new Map<string, TimeZone>();

/**
 * The slots of a cron expression by the wall clock of a zone. A wall time that is skipped counts for the first instant after
 * the gap, together with all others that are skipped with it; one that comes twice counts for the first.
 * @throws KagziError `INVALID_ARGUMENT` for what is no expression, for an unknown zone, and for what never comes
 */
export function slotsOfCron(expression: string, timezone: string): NextSlot {
  const zone = zoneOf(timezone);
  const cron = parse(expression);
  const next = (after: Instant) => {
    // Whole seconds: the library drops the rest, and would give the minute again that has just begun.
    const wall = cron.nextRun(new Date(Math.floor(zone.reachedBy(after) / 1000) * 1000));
    return wall === null ? undefined : zone.reaches(wall.getTime());
  };
  // Every day of every kind of year comes within eight years; the library looks further than that.
  if (cron.nextRun(SOME_TIME) === null) throw refused(expression, "there is no such day");
  return next;
}

const SOME_TIME = new Date("2024-01-01T00:00:00Z");

function parse(expression: string): Cron {
  const text = expression.trim();
  if (text.length > LIMITS.cronChars) throw refused(expression, `it has more than ${LIMITS.cronChars} characters`);
  if (text.startsWith("@") && !ALIASES.includes(text.toLowerCase())) throw refused(expression, "there is no such name");
  const fields = text.split(/\s+/);
  if (!text.startsWith("@")) {
    if (fields.length !== 5) throw refused(expression, `it has ${text === "" ? 0 : fields.length} fields`);
    const wrong = fields.find((field) => !FIELD.test(field));
    if (wrong !== undefined) throw refused(expression, `${JSON.stringify(wrong)} is no field`);
  }
  try {
    // On a timeline without gaps: the expression is about wall clocks, and TimeZone knows what those do. As an offset, and
    // not as the zone "UTC", which would cost ten times as much.
    return new Cron(fields.join(" "), { utcOffset: 0, mode: "5-part" });
  } catch (error) {
    throw refused(expression, messageOf(error));
  }
}

function zoneOf(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  try {
    // Newer versions of Node would take offsets as well, which are no zones.
    if (!/^[A-Za-z]/.test(name)) throw new RangeError(name);
    const zone = new TimeZone(name);
    if (zones.size >= MAX_ZONES) zones.clear();
    zones.set(name, zone);
    return zone;
  } catch {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `there is no time zone ${JSON.stringify(name.slice(0, 80))}: give an IANA name like "Europe/Paris" or "UTC"`,
    );
  }
}

function refused(expression: string, why: string): KagziError {
  const shown = JSON.stringify(expression.slice(0, 80));
  return new KagziError(
    "INVALID_ARGUMENT",
    `${shown} is no cron expression that ever fires: ${why}; ${EXAMPLE} ${ALIASES.join(", ")}`,
  );
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^CronPattern: /, "");
}
