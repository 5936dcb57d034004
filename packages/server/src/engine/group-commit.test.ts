import { KagziError } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { deferred } from "./deferred.ts";
import type { Env } from "./env.ts";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";

/** An environment in which every timer rings at once. */
function fastEnv(): Env {
  let now = 0;
  return {
    now: () => now,
    random: () => 0,
    newUuid: () => "",
    setTimer: (ms, run) => {
      now += ms;
      queueMicrotask(run);
      return () => {};
    },
  };
}

const gone = () => new KagziError("UNAVAILABLE", "the store is away");

function gate(options: Partial<GroupCommitOptions<string, string>> = {}) {
  const commits: (readonly string[])[] = [];
  const commit = async (items: readonly string[]) => {
    commits.push(items);
    return items.map((item) => item.toUpperCase());
  };
  return { commits, gate: new GroupCommit({ env: fastEnv(), commit, maxItems: 100, ...options }) };
}

describe("a group commit", () => {
  it("commits at once what comes alone, and together what comes meanwhile", async () => {
    const first = deferred<void>();
    const commits: (readonly string[])[] = [];
    const { gate: group } = gate({
      commit: async (items) => {
        commits.push(items);
        if (commits.length === 1) await first.promise;
        return items.map((item) => item.toUpperCase());
      },
    });
    const answers = [group.submit("a")];
    await Promise.resolve();
    answers.push(group.submit("b"), group.submit("c"));
    first.resolve();
    expect(await Promise.all(answers)).toEqual(["A", "B", "C"]);
    expect(commits).toEqual([["a"], ["b", "c"]]);
  });

  it("keeps within its bounds, and items of one key apart and in their order", async () => {
    const { commits, gate: group } = gate({ maxItems: 2, keyOf: (item) => item.slice(0, 1) });
    await Promise.all(["a1", "a2", "b1", "c1", "a3"].map((item) => group.submit(item)));
    expect(commits).toEqual([["a1", "b1"], ["a2", "c1"], ["a3"]]);
    const bytes = gate({ maxBytes: 3, bytesOf: (item) => item.length });
    await Promise.all(["xx", "yy", "z"].map((item) => bytes.gate.submit(item)));
    expect(bytes.commits).toEqual([["xx", "yy"], ["z"]]);
  });

  it("fails the one item that cannot be stored, and none of the others", async () => {
    const { gate: group } = gate({
      commit: async (items) => {
        if (items.includes("bad")) throw new KagziError("INVALID_ARGUMENT", "bad");
        return [...items];
      },
    });
    const outcomes = await Promise.allSettled(["good", "bad", "fine"].map((item) => group.submit(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("tries again while the store is away, as long as the item's patience lasts", async () => {
    let failures = 3;
    const back = gate({
      commit: async (items) => {
        if (failures-- > 0) throw gone();
        return [...items];
      },
    });
    expect(await back.gate.submit("a")).toBe("a");
    const never = gate({ patienceMs: 1000, commit: () => Promise.reject(gone()) });
    await expect(never.gate.submit("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("commits what it has taken when it is closed, and takes nothing more", async () => {
    const { commits, gate: group } = gate();
    const last = group.submit("a");
    await group.close();
    expect([await last, commits]).toEqual(["A", [["a"]]]);
    await expect(group.submit("b")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
