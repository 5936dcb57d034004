import type { NamespaceId, RunId, RunStore } from "@kagzi/core";
import { expect, it } from "vitest";
import { Waiters } from "./waiters.ts";

const runId = "01890000-0000-7000-8000-000000000001" as RunId;
const ours = { namespaceId: "ours" as NamespaceId, runId };
const theirs = { namespaceId: "theirs" as NamespaceId, runId };
const outcome = { ...ours, status: "completed" } as const;

/** A store in which the runs of these namespaces have ended. */
function storeOf(...ended: readonly NamespaceId[]): RunStore {
  const look = async (references: readonly { readonly namespaceId: NamespaceId; readonly runId: RunId }[]) =>
    references.filter(({ namespaceId }) => ended.includes(namespaceId)).map((reference) => reference.runId);
  return { ended: look } as unknown as RunStore;
}

it("tells how a run ended to those who wait for it in its namespace, and the others to look", async () => {
  const waiters = new Waiters(storeOf());
  const [here, there] = [waiters.add(ours), waiters.add(theirs)];
  waiters.ended(runId, outcome);
  expect(await Promise.all([here.ended, there.ended])).toEqual([outcome, undefined]);
});

it("lets go of one who leaves, and of no other", async () => {
  const waiters = new Waiters(storeOf());
  const [first, second] = [waiters.add(ours), waiters.add(ours)];
  first.leave();
  expect(await first.ended).toBeUndefined();
  waiters.ended(runId, outcome);
  expect(await second.ended).toEqual(outcome);
});

it("finds runs that ended unheard of by looking", async () => {
  const waiters = new Waiters(storeOf(ours.namespaceId));
  const { ended } = waiters.add(ours);
  await waiters.look();
  expect(await ended).toBeUndefined();
});
