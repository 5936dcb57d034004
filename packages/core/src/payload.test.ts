import { describe, expect, it } from "vitest";
import { payloadBytes } from "./payload.ts";

describe("the size of a payload", () => {
  it("counts its bytes and those of its metadata, and is nothing for none", () => {
    expect(payloadBytes({ data: new Uint8Array(10), metadata: { ab: "cde" } })).toBe(15);
    expect(payloadBytes(undefined)).toBe(0);
  });
});
