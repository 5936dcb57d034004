import { create } from "@bufbuild/protobuf";
import { type HistoryRecord, HistoryRecordSchema } from "@kagzi/proto";
import { describe, expect, it } from "vitest";
import { readRest } from "./history-pages.ts";

/** A server that has `length` records, and of each position says how many records its page has. */
function historyOf(length: number, perPage: (afterSeq: number) => number) {
  const all = Array.from({ length }, (_, index) => create(HistoryRecordSchema, { seq: index + 1 }));
  const asked: number[] = [];
  const ask = (afterSeq: number) => {
    asked.push(afterSeq);
    const records = all.slice(afterSeq, afterSeq + perPage(afterSeq));
    return Promise.resolve({ records, hasMore: afterSeq + records.length < length });
  };
  const keep = (record: HistoryRecord) => record.seq;
  return { ask, keep, asked };
}

const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe("the rest of a history", () => {
  it("asks for nothing that is there", async () => {
    const { asked, ...from } = historyOf(10, () => 4);
    expect(await readRest(upTo(10), 10, from)).toEqual(upTo(10));
    expect(asked).toEqual([]);
  });

  it("asks for several pages at once, as long as the first one", async () => {
    const { asked, ...from } = historyOf(95, () => 10);
    expect(await readRest(upTo(10), 95, from)).toEqual(upTo(95));
    expect(asked).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it("has every record once where pages are shorter or longer than the one before them", async () => {
    const lengths = [7, 1, 30, 2, 50, 4, 11];
    const { asked, ...from } = historyOf(500, (afterSeq) => lengths[afterSeq % lengths.length] ?? 1);
    expect(await readRest(upTo(3), 500, from)).toEqual(upTo(500));
    expect(asked.length).toBeLessThan(500);
  });

  it("goes on to the end of a history whose length it does not know, page by page", async () => {
    const { asked, ...from } = historyOf(25, () => 10);
    expect(await readRest([], Number.POSITIVE_INFINITY, from)).toEqual(upTo(25));
    expect(asked).toEqual([0, 10, 20]);
  });

  it("stops at the end of one that is shorter than it was said to be", async () => {
    const { asked, ...from } = historyOf(25, () => 10);
    expect(await readRest([], 40, from)).toEqual(upTo(25));
    expect(asked[0]).toBe(0);
  });

  it("fails when a page cannot be had", async () => {
    const { asked, ...from } = historyOf(100, () => 10);
    const ask = (afterSeq: number) => (afterSeq === 30 ? Promise.reject(new Error("lost")) : from.ask(afterSeq));
    await expect(readRest(upTo(10), 100, { ...from, ask })).rejects.toThrow("lost");
    expect(asked).toEqual([10, 20, 40]);
  });
});
