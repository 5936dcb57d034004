import type { RunInfo } from "kagzi";
import { KagziError } from "kagzi";
import { describe, expect, it } from "vitest";
import { runLine, workflowWords } from "./words.ts";

const RUN: RunInfo = {
  id: "01a2002a-9d50-73d4-8402-1e71b4710266",
  namespace: "default",
  workflow: "hello",
  version: "1",
  status: "failed",
  priority: 0,
  attempt: 2,
  createdAt: new Date(0),
  startedAt: new Date(0),
  finishedAt: new Date(1500),
  error: new KagziError("TIMEOUT", "too late"),
};
const URL_OF_IT = "http://127.0.0.1:50051";

describe("runLine", () => {
  it("tells what has become of a run, without a terminal as text alone", () => {
    expect(runLine(RUN, { url: URL_OF_IT, isTerminal: false })).toMatch(
      /^\d\d:\d\d:\d\d {2}✗ failed {5}hello {2}01a2002a-\S+ {2}attempt 2 {2}in 1\.5 s {2}TIMEOUT: too late\n$/u,
    );
  });

  it("leads to the dashboard on a terminal", () => {
    const link = `\u001B]8;;${URL_OF_IT}/default/runs/${RUN.id}\u001B\\${RUN.id}\u001B]8;;\u001B\\`;
    expect(runLine(RUN, { url: URL_OF_IT, isTerminal: true })).toContain(link);
  });
});

describe("workflowWords", () => {
  it("names the server only where a command would not find it", () => {
    const workflows = [{ name: "hello", version: "1", file: "workflows/hello.ts" }];
    expect(workflowWords(workflows, URL_OF_IT)).toContain(`run start hello -i '{"name":"Ada"}' --follow\n`);
    expect(workflowWords(workflows, "http://127.0.0.1:50052")).toContain("--follow --url http://127.0.0.1:50052\n");
  });
});
