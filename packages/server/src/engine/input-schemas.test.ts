import type { Worker } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { checkInputSchema, schemasIn } from "./input-schemas.ts";

const offered = (inputSchema: string, version = "1") => ({ workflowType: "order", version, inputSchema });

describe("schemas of inputs", () => {
  it("are JSON objects of some length, or refused", () => {
    expect(() => checkInputSchema(offered('{"type":"object"}'))).not.toThrow();
    for (const bad of ["", "{", "[]", "null", "1", `{"a":"${"x".repeat(40_000)}"}`]) {
      expect(() => checkInputSchema(offered(bad)), bad.slice(0, 20)).toThrow(/input schema of workflow "order"/);
    }
  });

  it("are those of the workers that come first, by version", () => {
    const worker = (...workflows: Worker["workflows"]) => ({ workflows }) as Worker;
    const workers = [worker(offered("{}", "2")), worker(offered('{"old":1}', "2"), offered('{"a":1}', "1"))];
    expect(schemasIn(workers, "order")).toEqual({ 2: "{}", 1: '{"a":1}' });
    expect(schemasIn(workers, "other")).toEqual({});
  });
});
