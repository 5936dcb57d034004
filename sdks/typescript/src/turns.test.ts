import { describe, expect, it } from "vitest";
import { Turns } from "./turns.ts";

/** Work that notes when it begins, and ends when it is told to. */
function works(log: number[]) {
  const ends: (() => void)[] = [];
  const work = (n: number) => () => {
    log.push(n);
    return new Promise<number>((resolve) => (ends[n] = () => resolve(n)));
  };
  return { work, ends };
}

/** Everything that can go on without time passing has. */
function allSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("turns", () => {
  it("lets so many at once begin, and the others in the order in which they came", async () => {
    const log: number[] = [];
    const { ends, work } = works(log);
    const turns = new Turns({ first: 2, most: 2 });
    const done = [0, 1, 2, 3].map((n) => turns.take(undefined, work(n)));
    expect(log).toEqual([0, 1]);
    ends[1]?.();
    await done[1];
    await allSettled();
    expect(log).toEqual([0, 1, 2]);
    ends[0]?.();
    await done[0];
    await allSettled();
    for (const end of ends) end();
    expect(await Promise.all(done)).toEqual([0, 1, 2, 3]);
    expect(log).toEqual([0, 1, 2, 3]);
  });

  it("goes on after work that failed", async () => {
    const turns = new Turns({ first: 1, most: 1 });
    for (let n = 0; n < 3; n++) {
      await expect(turns.take(undefined, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    }
  });

  it("lets a caller go who gives up, and keeps no turn for it", async () => {
    const log: number[] = [];
    const { ends, work } = works(log);
    const turns = new Turns({ first: 1, most: 1 });
    const givenUp = new AbortController();
    const first = turns.take(undefined, work(0));
    const second = turns.take(givenUp.signal, () => Promise.reject(new Error("given up")));
    const third = turns.take(undefined, work(2));
    givenUp.abort();
    await expect(second).rejects.toThrow("given up");
    expect(log).toEqual([0]);
    ends[0]?.();
    await first;
    await allSettled();
    ends[2]?.();
    expect(await third).toBe(2);
  });

  it("lets more begin the more is done, up to the most", async () => {
    const turns = new Turns({ first: 1, most: 4 });
    for (let n = 0; n < 10; n++) turns.done();
    expect(begunAtOnce(turns)).toBe(4);
  });

  it("lets less begin the more is refused, and then slowly more", async () => {
    const turns = new Turns({ first: 100, most: 1000 });
    for (let n = 0; n < 60; n++) turns.refused();
    expect(begunAtOnce(turns)).toBe(40);
    const later = new Turns({ first: 100, most: 1000 });
    later.refused();
    for (let n = 0; n < 100; n++) later.done();
    expect(begunAtOnce(later)).toBe(108);
  });

  it("never keeps everything waiting", async () => {
    const turns = new Turns({ first: 2, most: 2 });
    for (let n = 0; n < 10; n++) turns.refused();
    expect(begunAtOnce(turns)).toBe(1);
  });
});

/** How many begin at once of more than may. */
function begunAtOnce(turns: Turns): number {
  let begun = 0;
  for (let n = 0; n < 2000; n++) {
    void turns.take(undefined, () => {
      begun += 1;
      return new Promise(() => {});
    });
  }
  return begun;
}
