import { describe, expect, it } from "vitest";
import { slotsOfCron } from "./cron.ts";
import { TimeZone } from "./time-zone.ts";

// What the engine computes is held against what clocks show. Nothing here is shared with it: the clock is read minute by
// minute with Intl, and the expressions are matched by a matcher of its own.
//
// Every transition of every zone from 2020 to 2040 is looked at. Transitions that are the same in several zones (the same
// instant, the same offsets) are held against all expressions in one of these zones; KAGZI_ORACLE=all does so in each.

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const FIRST = Date.UTC(2020, 0, 1);
const LAST = Date.UTC(2041, 0, 1);
const IN_ALL_ZONES = process.env["KAGZI_ORACLE"] === "all";
/** Minutes that are read before a transition and after it. */
const AROUND = 90;

const EXPRESSIONS = [
  "* * * * *",
  "*/5 * * * *",
  "*/15 * * * *",
  "*/30 * * * *",
  "7-59/13 * * * *",
  "0 * * * *",
  "30 * * * *",
  "59 * * * *",
  "0 */2 * * *",
  "15 1-4 * * *",
  "*/30 2 * * *",
  "*/20 1,2,3 * * *",
  "0 0 * * *",
  "5 0 * * *",
  "30 0 * * *",
  "59 23 * * *",
  "0 1 * * *",
  "30 1 * * *",
  "0 2 * * *",
  "1 2 * * *",
  "15 2 * * *",
  "30 2 * * *",
  "59 2 * * *",
  "0 3 * * *",
  "30 3 * * *",
  "0 4 * * *",
  "0 23 * * *",
  "45 23 * * *",
  "30 2 * * SUN",
  "30 2 * * 0,7",
  "0 1-3 * * SAT,SUN",
  "30 23 * * FRI-SAT",
  "0 0 * * MON",
  "30 2 1-7 * *",
  "30 2 25-31 MAR,OCT *",
  "0 2 8-14 3 *",
  "*/10 1-2 1-7 NOV SUN",
  "0 0-3 * APR-SEP *",
  "@hourly",
  "@daily",
];

interface Transition {
  readonly zone: string;
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

describe("cron expressions, held against the clocks of every zone", () => {
  const all = Intl.supportedValuesOf("timeZone").flatMap(transitionsOf);
  const distinct = new Map(all.map((each) => [`${each.at} ${each.before} ${each.after}`, each]));
  const held = IN_ALL_ZONES ? all : [...distinct.values()];

  it("know of enough clocks", () => {
    const zones = new Set(all.map(({ zone }) => zone));
    process.stdout.write(
      `${all.length} transitions of ${zones.size} zones, ${distinct.size} of them distinct; ` +
        `${held.length} held against ${EXPRESSIONS.length} expressions\n`,
    );
    expect(EXPRESSIONS).toHaveLength(40);
    expect(zones.size).toBeGreaterThan(100);
    // The one whose gap is half an hour.
    expect(
      all.filter(({ zone, after, before }) => zone === "Australia/Lord_Howe" && after - before === 30),
    ).toHaveLength(21);
  });

  it("agree with each zone on what a gap and a fold are", () => {
    const wrong = all.flatMap((transition) => {
      const zone = new TimeZone(transition.zone);
      return edges(transition).filter(({ wall, reached }) => zone.reaches(wall) !== reached);
    });
    expect(wrong).toEqual([]);
  });

  it("fire exactly when they should around each transition", { timeout: 600_000 }, () => {
    const matchers = EXPRESSIONS.map(matcherOf);
    for (const transition of held) {
      const clock = readClock(transition);
      for (const [index, expression] of EXPRESSIONS.entries()) {
        const matches = matchers[index] ?? (() => false);
        const expected = clock.walls.filter(({ wall }) => matches(wall)).map(({ reached }) => reached);
        const fires = firesOf(expression, transition.zone, clock);
        const about = `${expression} in ${transition.zone} around ${new Date(transition.at).toISOString()}`;
        if (fires.join() !== [...new Set(expected)].join()) {
          expect(fires.map(show), about).toEqual([...new Set(expected)].map(show));
        }
      }
    }
  });

  it("fire once on a day that a zone left out", () => {
    // Samoa went from the 29th of December 2011 to the 31st.
    const skipped: Transition = { zone: "Pacific/Apia", at: Date.UTC(2011, 11, 30, 10), before: -600, after: 840 };
    const clock = readClock(skipped);
    expect(firesOf("*/30 * 30 12 *", skipped.zone, clock)).toEqual([skipped.at]);
    for (const expression of EXPRESSIONS) {
      const matches = matcherOf(expression);
      const expected = clock.walls.filter(({ wall }) => matches(wall)).map(({ reached }) => reached);
      expect(firesOf(expression, skipped.zone, clock).map(show), expression).toEqual([...new Set(expected)].map(show));
    }
  });
});

function firesOf(expression: string, zone: string, clock: { readonly from: number; readonly to: number }): number[] {
  const next = slotsOfCron(expression, zone);
  const fires: number[] = [];
  for (let at = next(clock.from - 1); at !== undefined && at <= clock.to; at = next(at)) fires.push(at);
  return fires;
}

/** What the clock of a zone shows in the minutes around a transition, and when each wall time was reached. */
function readClock({ after, at, before, zone }: Transition) {
  const read = clockOf(zone);
  const from = at - AROUND * MINUTE;
  const to = at + (AROUND + Math.max(0, before - after)) * MINUTE;
  const shown = new Map<number, number>();
  const minutes: { readonly wall: number; readonly at: number }[] = [];
  for (let minute = from; minute <= to; minute += MINUTE) {
    const wall = read(minute);
    minutes.push({ wall, at: minute });
    if (!shown.has(wall)) shown.set(wall, minute);
  }
  const walls: { readonly wall: number; readonly reached: number }[] = [];
  const last = Math.max(...minutes.map(({ wall }) => wall));
  for (let wall = read(from); wall <= last; wall += MINUTE) {
    const reached = shown.get(wall) ?? minutes.find((minute) => minute.wall > wall)?.at;
    if (reached !== undefined) walls.push({ wall, reached });
  }
  return { from, to, walls };
}

/** A few wall times at the edges of a gap or a fold, and when they are reached. */
function edges({ after, at, before }: Transition) {
  const [old, fresh] = [at + before * MINUTE, at + after * MINUTE];
  if (after > before) {
    return [
      { wall: old - MINUTE, reached: at - MINUTE },
      { wall: old, reached: at },
      { wall: fresh - MINUTE, reached: at },
      { wall: fresh, reached: at },
      { wall: fresh + MINUTE, reached: at + MINUTE },
    ];
  }
  return [
    { wall: fresh - MINUTE, reached: fresh - MINUTE - before * MINUTE },
    { wall: fresh, reached: fresh - before * MINUTE },
    { wall: old - MINUTE, reached: at - MINUTE },
    { wall: old, reached: old - after * MINUTE },
  ];
}

function transitionsOf(zone: string): Transition[] {
  const read = clockOf(zone);
  const offset = (at: number) => (read(at) - at) / MINUTE;
  const found: Transition[] = [];
  const step = IN_ALL_ZONES ? DAY : 7 * DAY;
  let before = offset(FIRST);
  for (let day = FIRST; day < LAST; day += step) {
    if (offset(day + step) === before) continue;
    let [low, high] = [day, day + step];
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / (2 * MINUTE)) * MINUTE;
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    const after = offset(high);
    found.push({ zone, at: high, before, after });
    before = after;
  }
  return found;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock shows, as if it were UTC. */
function clockOf(zone: string): (at: number) => number {
  const known = formats.get(zone);
  const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
  const format = known ?? new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...numeric });
  formats.set(zone, format);
  return (at) => {
    // `3/29/2026, 03:00`
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = format.format(at).split(/\D+/).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

const NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const DAYS = "SUN MON TUE WED THU FRI SAT".split(" ");
const SHORT: Readonly<Record<string, string>> = { "@hourly": "0 * * * *", "@daily": "0 0 * * *" };

function matcherOf(expression: string): (wall: number) => boolean {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = (SHORT[expression] ?? expression).split(" ");
  const [minutes, hours] = [valuesOf(minute, 0, 59), valuesOf(hour, 0, 23)];
  const [days, months] = [valuesOf(day, 1, 31), valuesOf(month, 1, 12)];
  const weekdays = valuesOf(weekday, 0, 7);
  return (wall) => {
    const date = new Date(wall);
    if (!minutes.has(date.getUTCMinutes()) || !hours.has(date.getUTCHours())) return false;
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const onDay = days.has(date.getUTCDate());
    const onWeekday = weekdays.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays.has(7));
    // Where both are restricted either will do, as in every cron.
    return day === "*" || weekday === "*" ? onDay && onWeekday : onDay || onWeekday;
  };
}

function valuesOf(field: string, low: number, high: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step = "1"] = part.split("/");
    const [from, to = from] = range === "*" ? [low, high] : range.split("-").map(numberOf);
    for (let value = from ?? low; value <= (to ?? high); value += Number(step)) values.add(value);
  }
  return values;
}

function numberOf(text: string): number {
  if (NAMES.includes(text)) return NAMES.indexOf(text) + 1;
  return DAYS.includes(text) ? DAYS.indexOf(text) : Number(text);
}

function show(at: number): string {
  return new Date(at).toISOString();
}
