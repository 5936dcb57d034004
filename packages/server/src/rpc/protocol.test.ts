import { describe, expect, it } from "vitest";
import { agreeOnProtocol } from "./protocol.ts";

const agree = (newest: number, oldest: number, server = { oldest: 3, newest: 5 }) =>
  agreeOnProtocol({ protocol: newest, oldestProtocol: oldest }, server);

describe("the version of the contract that a worker and a server use", () => {
  it("is the newest that both speak", () => {
    expect([agree(5, 5), agree(4, 1), agree(9, 3), agree(3, 1), agree(5, 0)]).toEqual([5, 4, 5, 3, 5]);
  });

  it("is the first one of a worker that does not say", () => {
    expect(agree(0, 0, { oldest: 1, newest: 2 })).toBe(1);
  });

  it("is refused to a worker that is too old, or too new, and says which of the two is to be updated", () => {
    expect(() => agree(2, 1)).toThrow(/speaks version 2 .* not before 3: update the worker/);
    expect(() => agree(0, 0)).toThrow("update the worker");
    expect(() => agree(8, 6)).toThrow(/speaks version 6 .* not after 5: update the server first/);
  });

  it.each([
    [-1, 0],
    [2, 3],
    [1, -1],
    [2 ** 31 - 1, 1],
  ])("is no range like %d down to %d", (newest, oldest) => {
    expect(() => agree(newest, oldest)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error);
  });
});
