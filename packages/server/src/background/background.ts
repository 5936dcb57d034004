import type { Hint } from "@kagzi/core";
import { expireAudit } from "../engine/audit.ts";
import { expireEvents } from "../engine/event-router.ts";
import type { Engine } from "../engine/engine.ts";
import { endOverdueRuns } from "../engine/overdue.ts";
import type { Health } from "./health.ts";
import { type Loop, startLoops } from "./loop.ts";
import { Reaper } from "./reaper.ts";
import { startScheduler } from "./scheduler.ts";

/** How often the store is asked whether it is there. */
const CHECK_MS = 2000;

/** How often events are looked for that are older than they are kept. */
const EXPIRE_MS = 60_000;

/** How often it is written down which keys were used. */
const USED_MS = 60_000;

/** Starts what goes on by itself in a server. Answers with a way to stop it. */
export function startBackground(engine: Engine, health: Health): () => Promise<void> {
  const { config, store } = engine.context;
  const reaper = new Reaper(engine, health);
  const loops: Loop[] = [
    { name: "the check of the store", everyMs: CHECK_MS, run: () => health.check() },
    { name: "the search for lost workers", everyMs: reaper.everyMs, run: () => reaper.run() },
    {
      name: "the search for overdue runs",
      everyMs: config.pollMs,
      run: () => endOverdueRuns({ store, operations: engine.operations }),
    },
    { name: "the search for children of ended runs", everyMs: config.pollMs, run: () => engine.operations.closeRuns() },
    { name: "the search for signals", everyMs: config.pollMs, run: () => engine.signals.look() },
    { name: "the search for steps that wait for a slot", everyMs: config.pollMs, run: () => engine.stepLimits.look() },
    { name: "the search for events that were not brought", everyMs: config.pollMs, run: () => engine.router.route() },
    { name: "the search for old events", everyMs: EXPIRE_MS, run: () => expireEvents(engine.context) },
    { name: "the search for old entries of the audit log", everyMs: EXPIRE_MS, run: () => expireAudit(engine.context) },
    { name: "the note of which keys are used", everyMs: USED_MS, run: () => engine.keyRing.writeUsed() },
    { name: "the search for ended runs", everyMs: config.pollMs, run: () => engine.waiters.look() },
    { name: "the search for work", everyMs: config.pollMs, run: async () => engine.dispatcher.lookAgain() },
  ];
  const stopListening = store.hints.listen((hint) => heed(engine, hint));
  const stopLoops = startLoops(engine.context, loops);
  const stopScheduler = startScheduler(engine);
  return async () => {
    stopListening();
    await Promise.all([stopLoops(), stopScheduler()]);
  };
}

/** Word from another server, or that word may have been missed. */
function heed(engine: Engine, hint: Hint | undefined): void {
  if (hint?.about === "ready") return engine.dispatcher.ready(hint.key);
  if (hint?.about === "signal") return void engine.signals.hear(hint.namespaceId, [hint.workerId]);
  if (hint?.runId !== undefined) return engine.waiters.ended(hint.runId);
  if (hint === undefined) engine.dispatcher.lookAgain();
  // If the store cannot be asked now, the next round asks it.
  engine.waiters.look().catch(() => {});
}
