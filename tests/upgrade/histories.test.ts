import { fromJson } from "@bufbuild/protobuf";
import { HistoryRecordSchema, RecordType } from "@kagzi/proto";
import * as kagzi from "kagzi";
import { describe, expect, it } from "vitest";
import { decodeJson } from "./payloads.ts";
import { featuresOf } from "./features.ts";
import { histories } from "./histories.ts";

describe("histories of releases", () => {
  it("are there, of every feature", () => {
    const kept = histories().map(([, { workflow }]) => workflow);
    expect(kept.length).toBeGreaterThanOrEqual(50);
    const all = featuresOf(kagzi).map(({ name }) => name);
    expect(all.filter((name) => !kept.includes(name))).toEqual([]);
  });

  it.each(histories().map(([release, history]) => [release, history.workflow, history.runId, history] as const))(
    "of %s: %s (%s) asks for the same, and comes to the same end",
    async (_release, workflow, runId, history) => {
      let returned: unknown;
      let isOver = false;
      const code = featuresOf(kagzi, (_runId, output) => {
        [returned, isOver] = [output, true];
      }).find(({ name }) => name === workflow);
      await kagzi.replayHistory(code as unknown as kagzi.Workflow<unknown, unknown>, history);
      const last = fromJson(HistoryRecordSchema, history.records.at(-1) ?? {});
      const completed = last.stepName === "" && last.type === RecordType.COMPLETED;
      // One that goes on as another one ends without returning.
      expect(isOver, runId).toBe(completed && last.childRunId === undefined);
      if (isOver) expect(returned).toEqual(decodeJson(last.payload?.data));
    },
  );

  it("are refused to code that asks for something else", async () => {
    const [, history] = histories().find(([, { workflow }]) => workflow === "steps") ?? [];
    const other = kagzi.workflow("steps", async (ctx) => ctx.step("another", () => 1));
    if (history === undefined) throw new Error("no history of steps");
    await expect(kagzi.replayHistory(other, history)).rejects.toMatchObject({ code: "NONDETERMINISM" });
  });
});
