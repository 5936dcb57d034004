import { KagziError } from "@kagzi/core";
import type { Log } from "@kagzi/server";
import { destination, pino } from "pino";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
const FORMATS = ["json", "pretty"] as const;

type Level = (typeof LEVELS)[number];
type Format = (typeof FORMATS)[number];

/** What a log says, and how. */
export interface LogOptions {
  readonly level: Level;
  readonly format: Format;
  readonly isColoured: boolean;
}

/**
 * `KAGZI_LOG_FORMAT` says how; by default lines of JSON, and on a terminal lines for people.
 * @throws KagziError `INVALID_ARGUMENT` for a level or a format that there is not
 */
export function readLogOptions(level: string, env: NodeJS.ProcessEnv, isTerminal: boolean): LogOptions {
  return {
    level: oneOf("the log level", LEVELS, level),
    format: oneOf("KAGZI_LOG_FORMAT", FORMATS, env["KAGZI_LOG_FORMAT"] ?? (isTerminal ? "pretty" : "json")),
    isColoured: isTerminal && (env["NO_COLOR"] ?? "") === "",
  };
}

/** Writes to standard error. */
export function createLog({ format, isColoured, level }: LogOptions): Log {
  const write =
    format === "json"
      ? jsonWriter(level)
      : (name: Level, message: string, fields: object) => {
          if (LEVELS.indexOf(name) < LEVELS.indexOf(level)) return;
          process.stderr.write(prettyLine({ time: new Date(), level: name, message, fields }, isColoured));
        };
  const at =
    (name: Exclude<Level, "silent">) =>
    (message: string, fields: object = {}) =>
      write(name, message, fields);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function jsonWriter(level: Level) {
  const logger = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination({ fd: 2, sync: false }),
  );
  return (name: Level, message: string, fields: object) => {
    if (name !== "silent") logger[name](fields, message);
  };
}

/** As terminals know them. */
const GRAY = 90;
const COLOURS = { debug: GRAY, info: 32, warn: 33, error: 31, silent: GRAY } as const;

/** One entry of a log, as people read it: what it is about as `name=value`, and the stack of an error below. */
export function prettyLine(
  entry: { readonly time: Date; readonly level: Level; readonly message: string; readonly fields: object },
  isColoured: boolean,
): string {
  const { fields, level, message, time } = entry;
  const paint = (colour: number, text: string) => (isColoured ? `\u001B[${colour}m${text}\u001B[39m` : text);
  const { error, ...rest } = fields as { readonly error?: { readonly message?: string; readonly stack?: string } };
  const pairs = Object.entries(rest).map(([name, value]) => ` ${paint(GRAY, `${name}=`)}${shown(value)}`);
  const problem = error === undefined ? "" : `\n  ${(error.stack ?? error.message ?? "").replaceAll("\n", "\n  ")}`;
  const head = `${paint(GRAY, time.toISOString())} ${paint(COLOURS[level], level.padEnd(5))}`;
  return `${head} ${message}${pairs.join("")}${problem}\n`;
}

function shown(value: unknown): string {
  return typeof value === "string" && /^[\w.:/@+-]+$/u.test(value) ? value : JSON.stringify(value);
}

function oneOf<Choice extends string>(what: string, choices: readonly Choice[], text: string): Choice {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new KagziError("INVALID_ARGUMENT", `${what} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}`);
}
