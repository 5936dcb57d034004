import {
  type Candidate,
  type ClaimRequest,
  type ClaimResult,
  type RunId,
  type ScheduleFound,
  type Store,
  errorCodeOf,
  isTerminal,
} from "@kagzi/core";
import type { Env } from "./env.ts";
import type { EngineMetrics } from "./metrics.ts";

/**
 * The same store, of which the metrics hear: how long its operations take, how many share a commit, and what becomes of
 * runs. Whoever starts or ends a run, it is seen here.
 */
export function observedStore(store: Store, metrics: EngineMetrics, env: Env): Store {
  const parts = {
    runs: withOthers(store.runs, runCalls(store, metrics)),
    workers: withOthers(store.workers, workerCalls(store, metrics)),
    events: withOthers(store.events, eventCalls(store, metrics)),
    schedules: withOthers(store.schedules, scheduleCalls(store, metrics)),
    history: store.history,
    namespaces: store.namespaces,
    inbox: store.inbox,
    limits: store.limits,
    slots: store.slots,
  };
  const timed = Object.entries(parts).map(([name, part]) => [name, timedPart(name, part, { metrics, env })] as const);
  return withOthers(store, Object.fromEntries(timed) as unknown as Partial<Store>);
}

type Call = (...values: unknown[]) => unknown;

/** An object with other members in the place of some of its own. */
function withOthers<Whole extends object>(whole: Whole, others: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(target, name) {
      const value: unknown = Reflect.get(name in others ? others : target, name);
      return typeof value === "function" && !(name in others) ? (value.bind(target) as unknown) : value;
    },
  });
}

function timedPart<Part extends object>(
  partName: string,
  part: Part,
  { env, metrics }: { readonly metrics: EngineMetrics; readonly env: Env },
): Part {
  const timed = new Map<string | symbol, Call>();
  const timedCall = (name: string): Call => {
    const op = `${partName}.${name}`;
    const duration = metrics.queries.of(op);
    return async (...values) => {
      const begin = env.now();
      try {
        return await (Reflect.get(part, name) as Call).apply(part, values);
      } catch (error) {
        metrics.queryErrors.of(op, errorCodeOf(error) ?? "INTERNAL").add();
        throw error;
      } finally {
        duration.observe((env.now() - begin) / 1000);
      }
    };
  };
  return new Proxy(part, {
    get(target, name) {
      if (typeof name === "symbol" || typeof Reflect.get(target, name) !== "function") {
        return Reflect.get(target, name) as unknown;
      }
      const call = timed.get(name) ?? timedCall(name);
      timed.set(name, call);
      return call;
    },
  });
}

function runCalls({ runs }: Store, metrics: EngineMetrics): Partial<Store["runs"]> {
  return {
    async start(starts) {
      const outcomes = await runs.start(starts);
      metrics.commitItems.of("start").observe(starts.length);
      for (const [index, start] of starts.entries()) {
        const outcome = outcomes[index];
        if (outcome?.became !== "started") continue;
        metrics.started(start);
        if (outcome.claimed) metrics.claimed(start, 0, false);
      }
      return outcomes;
    },
    async startTogether(starts) {
      const outcomes = await runs.startTogether(starts);
      if (outcomes.every(({ became }) => became !== "refused")) {
        for (const [index, start] of starts.entries()) {
          if (outcomes[index]?.became === "started") metrics.started(start);
        }
      }
      return outcomes;
    },
    async rerun(start, source) {
      const outcome = await runs.rerun(start, source);
      if (outcome.became === "started") metrics.started(start);
      return outcome;
    },
    async write(writes) {
      const outcomes = await runs.write(writes);
      metrics.commitItems.of("write").observe(writes.length);
      for (const [index, { continuation }] of writes.entries()) {
        if (continuation !== undefined && outcomes[index]?.became === "written") metrics.started(continuation);
      }
      return outcomes;
    },
    async claim(request) {
      const ready = new Map<RunId, Candidate>();
      const result = await runs.claim({ ...request, assign: noting(ready, request.assign) });
      tellClaimed(result, ready, metrics);
      return result;
    },
    async claimLimited(request) {
      const ready = new Map<RunId, Candidate>();
      const result = await runs.claimLimited({ ...request, assign: noting(ready, request.assign) });
      if (result !== undefined) tellClaimed(result, ready, metrics);
      return result;
    },
    async operate(run, decide) {
      const done = await runs.operate(run, decide);
      if (done === undefined) return done;
      const { after, before } = done;
      const isEnd = isTerminal(after.status) && !isTerminal(before.status);
      if (isEnd) metrics.finished(after, after.status, done.now - after.createdAt);
      return done;
    },
  };
}

/** The same, and remembers what there was to be assigned. */
function noting(ready: Map<RunId, Candidate>, assign: ClaimRequest["assign"]): ClaimRequest["assign"] {
  return (candidates) => {
    for (const each of candidates) ready.set(each.runId, each);
    return assign(candidates);
  };
}

function tellClaimed({ claimed }: ClaimResult, ready: ReadonlyMap<RunId, Candidate>, metrics: EngineMetrics): void {
  for (const { run } of claimed) {
    const { availableAt = run.claimedAt, isDue = false } = ready.get(run.runId) ?? {};
    metrics.claimed(run, run.claimedAt - availableAt, isDue);
  }
}

function workerCalls({ workers }: Store, metrics: EngineMetrics): Partial<Store["workers"]> {
  return {
    async takeOver(takeovers) {
      const taken = await workers.takeOver(takeovers);
      metrics.leasesExpired.of().add(taken.length);
      return taken;
    },
  };
}

function eventCalls({ events }: Store, metrics: EngineMetrics): Partial<Store["events"]> {
  return {
    async send(event, starts) {
      const outcome = await events.send(event, starts);
      if (outcome.became === "sent") for (const start of starts) metrics.started(start);
      return outcome;
    },
  };
}

function scheduleCalls({ schedules }: Store, metrics: EngineMetrics): Partial<Store["schedules"]> {
  return {
    async change(reference, decide) {
      let found: ScheduleFound | undefined;
      let starts: NonNullable<ReturnType<typeof decide>>["starts"] = [];
      // It may be called more than once; the last time counts.
      const changed = await schedules.change(reference, (each) => {
        const change = decide(each);
        found = each;
        starts = change?.starts ?? [];
        return change;
      });
      for (const [index, start] of starts.entries()) {
        if (changed.outcomes[index]?.became !== "started") continue;
        metrics.started(start);
        metrics.fired(start, changed.now);
      }
      const missed = (changed.schedule?.missed ?? 0) - (found?.schedule?.missed ?? 0);
      if (missed > 0) metrics.scheduleMissed.of(reference.namespaceId).add(missed);
      return changed;
    },
  };
}
