import { cpus } from "node:os";
import type { Result } from "./chaos.ts";
import type { Spread } from "./figures.ts";
import type { Options } from "./options.ts";

/** The command that does the same again. */
export function commandOf({ customers, faultsPerSecond, leaseMs, minutes, only, seed, store }: Options): string {
  const narrowed = only === "" ? "" : ` --only ${JSON.stringify(only)}`;
  return `npm run chaos -- --store ${store} --minutes ${minutes} --seed ${seed} --faults ${faultsPerSecond} --customers ${customers} --lease ${leaseMs}${narrowed}`;
}

const SYSTEMS: Readonly<Record<Options["store"], string>> = {
  postgres: "three servers, six workers, PostgreSQL",
  sqlite: "one server, three workers, SQLite",
  embedded: "engine, worker and clients in one process, SQLite",
};

/** What came of it, as Markdown. */
export function reportOf(result: Result): string {
  const { breaches, database, drainMs, figures, options } = result;
  const rows: readonly (readonly [string, string])[] = [
    ["system", SYSTEMS[options.store]],
    ["faults", `${count(figures.faultCount)} in ${options.minutes} minutes: ${faultsOf(figures.faults)}`],
    ["runs, all of them ended", count(figures.runs)],
    ["recorded results of steps", count(figures.steps)],
    ["events", count(figures.events)],
    ["lost", count(figures.lost)],
    ["doubled", count(figures.doubled)],
    ["given up as POISON, their workers having been killed again and again", count(figures.givenUp)],
    ["broken promises in all", count(breaches.length)],
    ["calls of workers that took longer than a heartbeat may", count(figures.slow)],
    [
      "executions of an attempt of a step",
      `${figures.executions.mean.toFixed(3)} on average, ${figures.executions.most} at most`,
    ],
    ["a killed worker's steps went on after", shown(figures.recovery)],
    ["the same, with all servers and the database up", shown(figures.undisturbed)],
    ["all was done after the last fault within", `${(drainMs / 1000).toFixed(1)} s`],
    ...(database === undefined
      ? []
      : ([
          ["deadlocks in PostgreSQL's log", count(database.deadlocks)],
          ["longest idle in a transaction", `${database.longestIdleInTransactionMs} ms`],
        ] as const)),
  ];
  const lines = rows.map(([what, value]) => `| ${what} | ${value} |`);
  return [
    `\`${commandOf(options)}\`, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}; the lease is ${options.leaseMs / 1000} s:`,
    "",
    "| what | figure |",
    "| --- | --- |",
    ...lines,
  ].join("\n");
}

function faultsOf(faults: Readonly<Record<string, number>>): string {
  return Object.entries(faults)
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, times]) => `${NAMES[what] ?? what} ${times}`)
    .join(", ");
}

/** What becomes of links is called by one word in the code. */
const NAMES: Readonly<Record<string, string>> = {
  cut: "link cut",
  down: "link down for a while",
  stall: "link stalled",
  mute: "answers lost",
};

function shown({ count: times, p50, p99 }: Spread): string {
  return times === 0 ? "(none)" : `p50 ${p50} ms, p99 ${p99} ms, of ${times}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
