import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { KagziError } from "@kagzi/core";
import { GetWorkerResponseSchema, RunAck_Result, WorkResponseSchema } from "@kagzi/proto";
import { describe, expect, it } from "vitest";
import { Chance } from "./chance.ts";
import { judgeAnswer, judgeError } from "./laws.ts";
import { nested } from "./mutations.ts";
import { difference } from "./same.ts";
import { Watch } from "./watch.ts";
import { CANARY } from "./world.ts";

// What the fuzzer calls broken, broken on purpose: a law that lets everything pass is none.

describe("an error", () => {
  it.each([
    ["anything that is thrown", new TypeError("undefined is not a function")],
    ["our own for what should not happen", new KagziError("INTERNAL", "the database refused a statement")],
    ["the transport's own", new ConnectError("internal", Code.Internal)],
    ["one without a reason", new KagziError("NOT_FOUND", "")],
    ["one that quotes at length", new KagziError("INVALID_ARGUMENT", "x".repeat(5000))],
    ["one that tells of another namespace", new KagziError("NOT_FOUND", `run of ${CANARY}`)],
    ["one that blames the database", new KagziError("UNAVAILABLE", "the database is closed")],
  ])("is against the law: %s", (_, thrown) => {
    expect(judgeError(thrown).was).toBe("broken");
  });

  it("may refuse what is wrong, and more than can be done", () => {
    const wrong = new KagziError("INVALID_ARGUMENT", "a name is missing");
    expect(judgeError(wrong)).toEqual({ was: "refused", code: "INVALID_ARGUMENT" });
    const full = new KagziError("UNAVAILABLE", "call again", { metadata: { reason: "OVERLOADED" } });
    expect(judgeError(full)).toEqual({ was: "refused", code: "UNAVAILABLE" });
  });
});

describe("an answer", () => {
  it("is against the law if it cannot be sent, or tells of another namespace", () => {
    const worker = (about: object) =>
      judgeAnswer(GetWorkerResponseSchema, create(GetWorkerResponseSchema, { worker: about }));
    expect(worker({ activeCount: 2 ** 31 })).toMatchObject({ was: "broken" });
    expect(worker({ hostname: `a ${CANARY}` })).toMatchObject({ was: "broken" });
    expect(worker({ activeCount: 2, hostname: "a" })).toMatchObject({ was: "answered" });
  });

  it("is against the law if it rejects an update for a reason of the server's own", () => {
    const error = { code: 7, message: "internal error; look for it in the log" };
    const acks = [{ result: RunAck_Result.REJECTED, error }];
    expect(judgeAnswer(WorkResponseSchema, create(WorkResponseSchema, { acks }))).toMatchObject({ was: "broken" });
  });
});

describe("the watch", () => {
  it("sees who keeps the event loop to itself", async () => {
    const seen: string[] = [];
    const watch = new Watch((law) => seen.push(law));
    watch.begin();
    await watch.over("a.Service/Spin", async () => {
      const spentMs = () => {
        const { system, user } = process.cpuUsage(begun);
        return (system + user) / 1000;
      };
      const begun = process.cpuUsage();
      while (spentMs() < 1200) for (let count = 0; count < 1e6; count++);
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    watch.end();
    expect(seen[0]).toMatch(/did not turn for \d+.* with a\.Service\/Spin/);
  });

  it("cuts off what waits", async () => {
    const watch = new Watch((law) => expect.fail(law));
    watch.begin();
    await watch.over(
      "a.Service/Wait",
      (signal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    );
    watch.end();
  });
});

describe("two values", () => {
  it.each([
    [0, -0],
    [{ a: undefined }, {}],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), [1]],
    [new Date(Number.NaN), new Date(0)],
    [new Error("a"), new TypeError("a")],
    [[[[1]]], [[["1"]]]],
    [Uint8Array.of(1), Uint8Array.of(2)],
  ])("differ: %j, %j", (a, b) => {
    expect(difference(a, b)).toBeTypeOf("string");
  });
});

describe("the fuzzer", () => {
  it("does the same with the same seed", () => {
    const [one, two] = [new Chance(7), new Chance(7)];
    expect(Array.from({ length: 50 }, () => one.next())).toEqual(Array.from({ length: 50 }, () => two.next()));
    expect(new Chance(8).next()).not.toBe(new Chance(7).next());
  });

  it("puts a field within itself", () => {
    expect(Buffer.from(nested(1, 3)).toString("hex")).toBe("0a040a020a00");
  });
});
