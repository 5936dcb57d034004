import { describe, expect, it } from "vitest";
import { prettyLine, readLogOptions } from "./log.ts";

describe("the server's log", () => {
  it("is JSON, and for people on a terminal, unless it is said otherwise", () => {
    expect(readLogOptions("info", {}, false)).toMatchObject({ format: "json", isColoured: false });
    expect(readLogOptions("info", {}, true)).toMatchObject({ format: "pretty", isColoured: true });
    expect(readLogOptions("warn", { KAGZI_LOG_FORMAT: "json" }, true)).toMatchObject({ format: "json", level: "warn" });
    expect(readLogOptions("info", { NO_COLOR: "1" }, true)).toMatchObject({ isColoured: false });
  });

  it("knows no other levels and formats", () => {
    expect(() => readLogOptions("loud", {}, false)).toThrow(
      'the log level must be one of debug, info, warn, error, silent, not "loud"',
    );
    expect(() => readLogOptions("info", { KAGZI_LOG_FORMAT: "xml" }, false)).toThrow(
      'KAGZI_LOG_FORMAT must be one of json, pretty, not "xml"',
    );
  });

  it("shows people what an entry is about, and the stack of an error below", () => {
    const entry = {
      time: new Date(0),
      level: "warn" as const,
      message: "runs go back",
      fields: { count: 2, runIds: ["a"] },
    };
    expect(prettyLine(entry, false)).toBe('1970-01-01T00:00:00.000Z warn  runs go back count=2 runIds=["a"]\n');
    const failed = { ...entry, fields: { runId: "0190-a", error: { message: "no", stack: "Error: no\nat x" } } };
    expect(prettyLine(failed, false)).toBe(
      "1970-01-01T00:00:00.000Z warn  runs go back runId=0190-a\n  Error: no\n  at x\n",
    );
    expect(prettyLine(entry, true)).toContain("\u001B[33mwarn ");
  });
});
