import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KagziError } from "./error.ts";
import { fromConnectError, fromErrorDetail, toErrorDetail } from "./error-detail.ts";

const roundTrip = (thrown: unknown) => fromErrorDetail(toErrorDetail(thrown));

describe("an error that is recorded", () => {
  it("comes back as it was if it is ours", () => {
    const error = new KagziError("CONFLICT", "taken", {
      subject: "order",
      subjectId: "o-1",
      metadata: { a: "b" },
      retryAfter: "5s",
      nonRetryable: false,
      cause: new KagziError("NOT_FOUND", "below"),
    });
    const back = roundTrip(error);
    expect(back).toMatchObject({
      code: "CONFLICT",
      message: "taken",
      subject: "order",
      subjectId: "o-1",
      metadata: { a: "b" },
      retryAfter: 5000,
      nonRetryable: false,
    });
    expect(back.cause).toMatchObject({ name: "KagziError", code: "NOT_FOUND" });
    expect(back.stack).toBe(error.stack);
  });

  it("is the cause of ours if it is another's", () => {
    const back = roundTrip(new TypeError("odd"));
    expect(back).toMatchObject({ code: "INTERNAL", message: "odd", nonRetryable: false });
    expect(back.cause).toMatchObject({ name: "TypeError", message: "odd" });
  });

  const hostile = {
    get message() {
      throw new Error("do not look");
    },
  };
  it.each([
    "text",
    undefined,
    null,
    5,
    Symbol("s"),
    { a: 1 },
    hostile,
    Object.create(null),
    Object.assign(new Error("m"), { message: 5 }),
    new AggregateError([new Error("one")], "many"),
    new Error("a\0b\ud800c"),
    new Error("x".repeat(1e6)),
  ])("never fails to be recorded, whatever was thrown: %#", (thrown) => {
    const detail = toErrorDetail(thrown);
    expect(detail.message.length).toBeLessThanOrEqual(16_384);
    expect(detail.message).not.toContain("\0");
    expect(detail.message.isWellFormed()).toBe(true);
  });

  it("keeps eight causes, and ends where they go in a circle", () => {
    const circle = new Error("round");
    circle.cause = circle;
    let depth = 0;
    for (let detail = toErrorDetail(circle).cause; detail !== undefined; detail = detail.cause) depth += 1;
    expect(depth).toBe(7);
  });
});

describe("what a call throws", () => {
  it.each([
    [new ConnectError("gone", Code.Unavailable), "UNAVAILABLE"],
    [new ConnectError("cut off", Code.Aborted), "UNAVAILABLE"],
    [new ConnectError("reset", Code.Canceled), "UNAVAILABLE"],
    [new ConnectError("late", Code.DeadlineExceeded), "UNAVAILABLE"],
    [new ConnectError("what", Code.Internal), "INTERNAL"],
    [new ConnectError("serialize binary: cannot encode", Code.Internal), "INVALID_ARGUMENT"],
    [new ConnectError("reset", Code.Internal, undefined, undefined, withCode("ECONNRESET")), "UNAVAILABLE"],
  ])("has a code where nobody explained it: %s", (thrown, code) => {
    expect(fromConnectError(thrown).code).toBe(code);
  });

  it("is what the server said where it did", () => {
    const ours = new KagziError("NOT_FOUND", "no such run");
    expect(fromConnectError(ours)).toBe(ours);
  });
});

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
