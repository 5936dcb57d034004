import type { NamespaceId, RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { formatStepToken, formatTaskToken, parseStepToken, parseTaskToken } from "./tokens.ts";

const runId = "01890000-0000-7000-8000-000000000000" as RunId;
const lease = { namespaceId: "default" as NamespaceId, runId, epoch: 7 };
const step = { ...lease, kind: "function", name: "pay: 注文", occurrence: 2, attempt: 3 } as const;

describe("a token", () => {
  it("holds the lease, and comes back as it was", () => {
    expect(parseTaskToken(formatTaskToken(lease))).toEqual(lease);
    expect(parseStepToken(formatStepToken(step), lease.namespaceId)).toEqual(step);
  });

  it("of a step may be its plain id, without a lease", () => {
    expect(parseStepToken(`${runId}/pay#2`, lease.namespaceId)).toEqual({
      namespaceId: "default",
      runId,
      kind: "function",
      name: "pay",
      occurrence: 2,
    });
  });

  it.each(["", "t.", "t.e30", "t.bm9uc2Vuc2U", "s.W10", formatStepToken(step), `t.${"A".repeat(100_000)}`])(
    "is refused if it is none: %#",
    (text) => {
      expect(() => parseTaskToken(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    },
  );

  const forged = (...parts: unknown[]) => `s.${Buffer.from(JSON.stringify(parts)).toString("base64url")}`;
  const { epoch, kind, namespaceId, name, occurrence, attempt } = step;
  it.each([
    [namespaceId, runId, epoch, kind, name, occurrence, attempt, {}],
    [namespaceId, runId, epoch, kind, name, occurrence, attempt, 5],
    [namespaceId, runId, epoch, kind, name, occurrence, attempt, { maximumAttempts: { valueOf: 1, toString: 1 } }],
    [namespaceId, runId, epoch, kind, { toString: null }, occurrence, attempt],
    [{ toString: 1 }, runId, epoch, kind, name, occurrence, attempt],
  ])("is refused as a step's if somebody else wrote it: %#", (...parts) => {
    expect(() => parseStepToken(forged(...parts), lease.namespaceId)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("of a step without a policy has none", () => {
    const token = forged(namespaceId, runId, epoch, kind, name, occurrence, attempt);
    expect(parseStepToken(token, lease.namespaceId)).toEqual(step);
  });

  it.each(["", "pay", `${runId}/`, `${runId}/a\0b`, "s.e30", formatTaskToken(lease)])(
    "is refused as a step's if it is none: %#",
    (text) => {
      expect(() => parseStepToken(text, lease.namespaceId)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    },
  );
});
