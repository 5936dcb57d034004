import { KagziError } from "@kagzi/core";
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { isRefusal, isTransient, translateError } from "./errors.ts";

function refused(code: string, severity = "ERROR"): DatabaseError {
  const error = new DatabaseError(`as ${code} says`, 1, "error");
  return Object.assign(error, { code, severity });
}

describe("what PostgreSQL refuses", () => {
  // A schema that is yet to be made; connections that failed, a server that ends, starts, or has no room; locks and statements that took too long; one that
  // was demoted; files that cannot be read or written; what lost to another transaction.
  const passing =
    "42P01 08000 08003 08006 57P01 57P02 57P03 53100 53200 53300 55P03 57014 25006 58030 XX000 40001 40P01";
  it.each(passing.split(" "))("may be asked for again later: %s", (code) => {
    expect(translateError(refused(code)).detail.code).toBe("UNAVAILABLE");
  });

  it.each(["28000", "28P01", "3D000", "3F000", "42501"])("no waiting cures: %s", (code) => {
    expect(translateError(refused(code)).detail.code).toBe("PRECONDITION_FAILED");
  });

  it.each(["22021", "23505", "42601"])("is our fault: %s", (code) => {
    expect(translateError(refused(code)).detail).toMatchObject({ code: "INTERNAL" });
  });

  it("is done again at once where it lost to another transaction, and only there", () => {
    const codes = ["40001", "40P01", "55P03", "25006", "23505"];
    expect(codes.filter((code) => isTransient(refused(code)))).toEqual(["40001", "40P01"]);
    const isPassing = (constraint: string) => isTransient(Object.assign(refused("23505"), { constraint }));
    expect(["runs_pkey", "history_pkey"].filter(isPassing)).toEqual(["runs_pkey"]);
  });

  it("leaves the connection as it was, unless it leads nowhere any more", () => {
    expect(["23505", "40001", "55P03", "57014"].filter((code) => !isRefusal(refused(code)))).toEqual([]);
    expect(isRefusal(new KagziError("CONFLICT", "ours"))).toBe(true);
    expect(["25006", "57P01", "57P03", "08006"].filter((code) => isRefusal(refused(code)))).toEqual([]);
    expect(isRefusal(refused("XX000", "FATAL"))).toBe(false);
    expect(isRefusal(new Error("read ECONNRESET"))).toBe(false);
  });
});

describe("what is no answer of PostgreSQL", () => {
  it.each([new Error("Query read timeout"), new Error("connect ECONNREFUSED"), "?", undefined])(
    "is a database that cannot be reached: %s",
    (error) => {
      expect(translateError(error).detail.code).toBe("UNAVAILABLE");
    },
  );
});
