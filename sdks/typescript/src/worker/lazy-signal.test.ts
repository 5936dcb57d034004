import { expect, it, vi } from "vitest";
import { KagziError } from "../error.ts";
import { LazySignal } from "./lazy-signal.ts";

const lost = () => new KagziError("CANCELLED", "lost");
const ended = () => new KagziError("CANCELLED", "ended");

it("is one signal, however often it is asked for, and is aborted with the first reason", () => {
  const lazy = new LazySignal();
  const { signal } = lazy;
  expect(signal.aborted).toBe(false);
  lazy.abort(lost);
  lazy.abort(ended);
  expect(signal.reason).toMatchObject({ message: "lost" });
  expect(lazy.signal).toBe(signal);
});

it("is aborted already for whoever asks later", () => {
  const lazy = new LazySignal();
  lazy.abort(lost);
  lazy.abort(ended);
  expect(lazy.signal.reason).toMatchObject({ message: "lost" });
});

it("makes no error that nobody hears of", () => {
  const reason = vi.fn<typeof lost>(lost);
  new LazySignal().abort(reason);
  expect(reason).not.toHaveBeenCalled();
});
