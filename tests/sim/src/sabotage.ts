import type { ErrorDetail, RunWrite, Start, Store } from "@kagzi/core";

/** Makes of a store one that breaks a rule, to see whether that is noticed. */
export type Sabotage = (store: Store) => Store;

/** Rules that a store must keep, each with a store that does not. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  "writes under any lease": (store) =>
    withPart(store, "runs", {
      write: async (writes) => {
        const outcomes = [...(await store.runs.write(writes))];
        for (const [index, write] of writes.entries()) {
          const outcome = outcomes[index];
          const facts = outcome?.became === "refused" ? outcome.facts : undefined;
          if (facts === undefined || facts.epoch === write.epoch || facts.status !== "running") continue;
          const afterSeq = (write.afterSeq ?? 0) + facts.tail.length;
          const [again] = await store.runs.write([{ ...write, afterSeq, epoch: facts.epoch }]);
          if (again !== undefined) outcomes[index] = again;
        }
        return outcomes;
      },
    }),
  "does not mark what was taken from an inbox": (store) =>
    withPart(store, "runs", { write: (writes) => store.runs.write(writes.map(withoutTaking)) }),
  "acknowledges starts that it has not kept": (store) => {
    let starts = 0;
    return withPart(store, "runs", {
      start: async (all) => {
        starts += 1;
        const outcomes = starts % 5 === 0 ? [] : await store.runs.start(all);
        return all.map((_, index) => outcomes[index] ?? { became: "started", now: 0, claimed: false });
      },
    });
  },
  "forgets idempotency keys": (store) =>
    withPart(store, "runs", {
      start: (starts) => store.runs.start(starts.map(withoutKey)),
    }),
  "acknowledges cancellations that it has not kept": (store) => {
    const forgotten = new Map<string, ErrorDetail>();
    return withPart(store, "runs", {
      operate: (run, decide) =>
        store.runs.operate(run, (found) => {
          const change = decide(found);
          if (change?.cancelError === undefined) return change;
          forgotten.set(run.runId, change.cancelError);
          return undefined;
        }),
      get: async (runs) =>
        (await store.runs.get(runs)).map((detail) => {
          const cancelError = detail && forgotten.get(detail.run.runId);
          return detail === undefined || cancelError === undefined
            ? detail
            : { ...detail, run: { ...detail.run, cancelError } };
        }),
    });
  },
  "never finds the leases of lost workers": (store) => withPart(store, "workers", { lapsed: async () => [] }),
  "gives leases back that have not ended": (store) =>
    withPart(store, "workers", {
      heartbeat: async (worker, _leaseMs, stats) => store.workers.heartbeat(worker, 1, stats),
    }),
  "tells no worker what was sent to its runs": (store) =>
    withPart(store, "inbox", { hear: async () => [], read: async (positions) => positions.map(() => EMPTY) }),
};

const EMPTY = { messages: [], more: false };

function withPart<Part extends "runs" | "workers" | "inbox">(
  store: Store,
  part: Part,
  methods: Partial<Store[Part]>,
): Store {
  const changed = { ...store[part], ...methods };
  return new Proxy(store, {
    get: (target, key) => {
      if (key === part) return changed;
      const found: unknown = Reflect.get(target, key);
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}

function withoutTaking(write: RunWrite): RunWrite {
  return { ...write, records: write.records.map(({ takes: _takes, ...record }) => record) };
}

function withoutKey({ key: _key, ...start }: Start): Start {
  return start;
}
