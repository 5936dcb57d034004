import { describe, expect, it } from "vitest";
import { newRunId } from "./client/run-id.ts";
import { checkName, checkStepName } from "./names.ts";

describe("a name", () => {
  it.each(["a", "process-order", "Straße 5", "注文", "x".repeat(255), "a/b"])("may be %s", (name) => {
    expect(checkName("it", name)).toBe(name);
  });

  it.each(["", "a\0b", "a\nb", "\u007f", "a\ud800", "é".repeat(128), 5, undefined])("may not be %j", (name) => {
    expect(() => checkName("the name of it", name)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("the name of it") }),
    );
  });

  it("of a step may not end like the number of a repeated one", () => {
    expect(() => checkStepName("charge#2")).toThrow("leave the # out");
    expect(checkStepName("charge #two")).toBe("charge #two");
  });
});

describe("the id of a run", () => {
  it("is a UUIDv7, greater than the one before", () => {
    const ids = Array.from({ length: 10_000 }, newRunId);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(0, 100)) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});
