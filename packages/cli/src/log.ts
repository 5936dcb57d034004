import type { Log } from "@kagzi/server";
import { destination, pino } from "pino";

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/** Writes JSON lines to standard error, or readable ones on a terminal. */
export function createLog(level: string, isTerminal: boolean): Log {
  if (isTerminal) return readableLog(level);
  const logger = pino(
    { level: LEVELS.includes(level) ? level : "info", base: null },
    destination({ fd: 2, sync: false }),
  );
  const write = (name: "debug" | "info" | "warn" | "error") => (message: string, fields?: object) => {
    logger[name](fields ?? {}, message);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function readableLog(level: string): Log {
  const write = (name: string) => (message: string, fields?: object) => {
    if (LEVELS.indexOf(name) < LEVELS.indexOf(level)) return;
    const details = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
    process.stderr.write(`${new Date().toISOString()} ${name.padEnd(5)} ${message}${details}\n`);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
