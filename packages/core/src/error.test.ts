import { describe, expect, it } from "vitest";
import { KagziError, errorCodeOf, isKagziError, leaseLost, notFound, quoteId, retryCanHelp } from "./error.ts";
import { unreachable } from "./unreachable.ts";

describe("an error of ours", () => {
  it("carries its code and what it is about, and can be thrown", () => {
    const cause = new Error("below");
    const error = new KagziError("CONFLICT", "taken", { subject: "run", subjectId: "r", cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.cause, error.code]).toEqual([cause, "CONFLICT"]);
    expect(error.detail).toEqual({
      code: "CONFLICT",
      message: "taken",
      nonRetryable: true,
      subject: "run",
      subjectId: "r",
    });
    expect(new KagziError("INTERNAL", "m").cause).toBeUndefined();
  });

  it("is retryable as its code is, unless it says otherwise", () => {
    expect(new KagziError("UNAVAILABLE", "m").detail.nonRetryable).toBe(false);
    expect(new KagziError("INVALID_ARGUMENT", "m").detail.nonRetryable).toBe(true);
    expect(new KagziError("UNAVAILABLE", "m", { nonRetryable: true }).detail.nonRetryable).toBe(true);
    expect(retryCanHelp("TIMEOUT")).toBe(true);
  });

  it("is known by its name and its detail, whatever copy of the package made it", () => {
    const foreign = Object.assign(new Error("m"), { name: "KagziError", detail: { code: "TIMEOUT" } });
    expect(isKagziError(foreign)).toBe(true);
    expect(errorCodeOf(foreign)).toBe("TIMEOUT");
    expect(isKagziError(new Error("m"))).toBe(false);
    expect(isKagziError({ name: "KagziError", detail: {} })).toBe(false);
    expect(errorCodeOf("text")).toBe("INTERNAL");
  });

  it("says what is not there, and what to do if something can be done", () => {
    expect(notFound("run", "r1").message).toBe('run "r1" does not exist');
    expect(notFound("run", "r1", "start it").message).toBe('run "r1" does not exist: start it');
    expect(notFound("run", "r1").detail).toMatchObject({ code: "NOT_FOUND", nonRetryable: true });
  });

  it("tells a worker that lost its lease by a reason that it can branch on", () => {
    expect(leaseLost("r1", 3).detail.metadata).toEqual({ reason: "LEASE_LOST" });
    expect(leaseLost("r1", 3).message).toContain("lease 3 of run r1 is lost");
    expect(leaseLost("r1", undefined).message).toContain("the lease of run r1 is lost");
  });

  it("shows ids quoted, and cut where they are long", () => {
    expect(quoteId("a\nb")).toBe('"a\\nb"');
    expect(quoteId("x".repeat(10_000))).toHaveLength(82);
  });
});

describe("unreachable", () => {
  it("names the value that no case is there for", () => {
    expect(() => unreachable("surprise" as never)).toThrow('no case for "surprise"');
  });
});
