import { describe, expect, it, vi } from "vitest";
import { Room } from "./room.ts";

/** Whether a promise has been resolved, when everything has gone on that can. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

describe("a room", () => {
  it.each([
    ["by number", { items: 1, bytes: 0 }],
    ["by size", { items: 0, bytes: 10 }],
  ])("is waited for while it is full, %s", async (_, { bytes, items }) => {
    const onChange = vi.fn<(isFull: boolean) => void>();
    const room = new Room({ items: 2, bytes: 20 });
    room.watch(onChange);
    room.add(items, bytes);
    expect(await isOver(room.free())).toBe(true);
    room.add(items, bytes);
    room.add(items, bytes);
    const [first, second] = [room.free(), room.free()];
    room.remove(items, bytes);
    expect(await isOver(first)).toBe(false);
    expect(onChange.mock.calls).toEqual([[true]]);
    room.remove(items, bytes);
    expect(await isOver(Promise.all([first, second]))).toBe(true);
    expect(onChange.mock.calls).toEqual([[true], [false]]);
  });

  it("tells who comes to watch it late that it is full", () => {
    const onChange = vi.fn<(isFull: boolean) => void>();
    const room = new Room({ items: 1, bytes: 1 });
    room.add(1, 1);
    room.watch(onChange);
    expect(onChange.mock.calls).toEqual([[true]]);
  });

  it("keeps nobody waiting once it is closed", async () => {
    const room = new Room({ items: 1, bytes: 1 });
    room.add(5, 5);
    const waits = room.free();
    room.close();
    expect(await isOver(waits)).toBe(true);
    expect(await isOver(room.free())).toBe(true);
  });
});
