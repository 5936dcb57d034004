import { describe, expect, it } from "vitest";
import { defaultsOf, fieldsOf } from "./json-schema.ts";

const write = (properties: object, more: object = {}) => JSON.stringify({ type: "object", properties, ...more });

describe("a form of a JSON Schema", () => {
  it("has a control for each field", () => {
    const fields = fieldsOf(
      write(
        {
          name: { type: "string", title: "Name", description: "Who." },
          age: { type: "integer" },
          size: { enum: ["s", "m"] },
          sure: { type: "boolean" },
          tags: { type: "array" },
          any: { anyOf: [{ type: "string" }, { type: "null" }] },
        },
        { required: ["name"] },
      ),
    );
    expect(fields?.map(({ control, isRequired, label }) => [label, control.kind, isRequired])).toEqual([
      ["Name", "text", true],
      ["age", "number", false],
      ["size", "choice", false],
      ["sure", "boolean", false],
      ["tags", "json", false],
      ["any", "json", false],
    ]);
  });

  it("begins with the defaults", () => {
    expect(defaultsOf(write({ a: { default: 0 }, b: { type: "string" } }))).toEqual({ a: 0 });
  });

  it("is none where the input is no object, or the schema cannot be read", () => {
    for (const text of [undefined, "{", "null", '{"type":"string"}', '{"type":"object"}']) {
      expect(fieldsOf(text), text).toBeUndefined();
    }
  });
});
