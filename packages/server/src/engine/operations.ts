import {
  type ErrorDetail,
  type Operated,
  type Operation,
  type RunFilter,
  type RunId,
  type RunReference,
  KagziError,
  LIMITS,
  checkInteger,
  checkText,
  decideOperation,
  isTerminal,
  notFound,
} from "@kagzi/core";
import { type Dispatcher, dispatchKey } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import type { EventRouter } from "./event-router.ts";
import type { HintOutbox } from "./hint-outbox.ts";
import type { Signals } from "./signals.ts";
import type { Waiters } from "./waiters.ts";
import type { Workers } from "./workers.ts";

/** How long the code of a cancelled run may clean up, where nobody says. */
export const CANCEL_GRACE_MS = 60_000;
/** Runs that one call for many looks at. */
const BATCH = 200;

/** What people, and the server itself, do to runs that they do not hold. */
export class Operations {
  readonly #context: EngineContext;
  readonly #signals: Signals;
  readonly #hints: HintOutbox;
  readonly #waiters: Waiters;
  readonly #workers: Workers;
  readonly #dispatcher: Dispatcher;
  readonly #router: EventRouter;

  constructor(
    context: EngineContext,
    parts: {
      readonly dispatcher: Dispatcher;
      readonly signals: Signals;
      readonly hints: HintOutbox;
      readonly waiters: Waiters;
      readonly workers: Workers;
      readonly router: EventRouter;
    },
  ) {
    this.#context = context;
    this.#signals = parts.signals;
    this.#hints = parts.hints;
    this.#waiters = parts.waiters;
    this.#workers = parts.workers;
    this.#dispatcher = parts.dispatcher;
    this.#router = parts.router;
  }

  /**
   * Does something to a run, or to the one that it has gone on as, and tells everyone whom it concerns.
   * @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` if it makes no sense in the run's state
   */
  async operate(run: RunReference, operation: Operation): Promise<Operated> {
    return this.operateOn(await this.current(run), operation);
  }

  /** As {@link operate}, and to this very run, whatever it has gone on as. */
  async operateOn(run: RunReference, operation: Operation): Promise<Operated> {
    const done = await this.#context.store.runs.operate(run, (found) => decideOperation(found, operation));
    if (done === undefined) throw notFound("run", run.runId);
    if (done.before !== done.after) await this.#tell(done);
    return done;
  }

  /** A run that has gone on as a new one is that one: whoever holds its id means the whole of it. */
  async current(run: RunReference): Promise<RunReference> {
    const [detail] = await this.#context.store.runs.get([run]);
    const { continuedAs: runId } = detail ?? {};
    return runId === undefined ? run : this.current({ namespaceId: run.namespaceId, runId });
  }

  /** Asks a run to clean up and end. `false` if it had ended, or had been asked before. */
  async cancel(run: RunReference, reason: string, graceMs = CANCEL_GRACE_MS): Promise<boolean> {
    checkInteger("grace_ms", graceMs, 0, LIMITS.cancelGraceMs);
    const error = reasonOf("cancelled", run.runId, reason);
    const { after, before } = await this.operate(run, { do: "cancel", error, graceMs });
    return before !== after;
  }

  async pause(run: RunReference, reason: string): Promise<void> {
    const about = { subject: "run", subjectId: run.runId };
    const message = checkText("the reason", reason) || "paused by an operator";
    await this.operate(run, { do: "pause", error: new KagziError("PRECONDITION_FAILED", message, about).detail });
  }

  /** Ends a run at once, without asking its code. */
  async terminate(run: RunReference, reason: string): Promise<void> {
    await this.operate(run, { do: "end", status: "cancelled", error: reasonOf("terminated", run.runId, reason) });
  }

  /** Cancels a page of the runs that a filter lets through. Answers with how many, and where the next page begins. */
  async cancelMany(
    filter: RunFilter,
    how: { readonly reason: string; readonly graceMs?: number; readonly before?: RunId },
  ): Promise<{ readonly cancelled: number; readonly next?: RunId }> {
    const { before, graceMs, reason } = how;
    const page = { limit: BATCH, ...(before !== undefined && { before }) };
    const found = await this.#context.store.runs.list(filter, page);
    let cancelled = 0;
    for (const run of found) {
      if (!isTerminal(run.status) && (await this.#cancelIfThere(run, reason, graceMs))) cancelled += 1;
    }
    const last = found.length < BATCH ? undefined : found.at(-1);
    return { cancelled, ...(last !== undefined && { next: last.runId }) };
  }

  /** @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` for a run that has not ended */
  async delete(run: RunReference): Promise<void> {
    const [gone] = await this.#context.store.runs.delete([run]);
    if (gone !== undefined) return;
    const [detail] = await this.#context.store.runs.get([run]);
    if (detail === undefined) throw notFound("run", run.runId);
    throw new KagziError(
      "PRECONDITION_FAILED",
      `run ${run.runId} is ${detail.run.status}: only a run that has ended can be deleted; cancel or terminate it first`,
      { subject: "run", subjectId: run.runId },
    );
  }

  /** Cancels what the code of a run has given up, so that its children do not outlive their use. */
  async cancelChildren(children: readonly (RunReference & { readonly error: ErrorDetail })[]): Promise<void> {
    await Promise.all(
      children.map(({ error, ...child }) =>
        this.operate(child, { do: "cancel", error, graceMs: CANCEL_GRACE_MS }).catch(ignoreMissing),
      ),
    );
  }

  /** Cancels the children of runs that were ended from outside, and of those that an earlier server ended. */
  async closeRuns(): Promise<void> {
    const { runs } = this.#context.store;
    for (const parent of await runs.closing(BATCH)) {
      const error = reasonOf("cancelled", parent.runId, `its parent ${parent.runId} was ended`);
      for (;;) {
        const children = await runs.children(parent, BATCH);
        await this.cancelChildren(children.map((child) => ({ ...child, error })));
        if (children.length < BATCH) break;
      }
      await runs.closed(parent);
    }
  }

  async #cancelIfThere(run: RunReference, reason: string, graceMs?: number): Promise<boolean> {
    return (await this.cancel(run, reason, graceMs).catch(ignoreMissing)) ?? false;
  }

  async #tell({ after, before, now, told }: Operated): Promise<void> {
    this.#context.clock.observe(now);
    if (isTerminal(after.status)) {
      this.#waiters.ended(after.runId);
      this.#hints.ended(after.runId);
      this.#workers.drop(after.namespaceId, after.runId);
    }
    if (before.status === "running" && after.status !== "running" && after.limitKey !== undefined) {
      this.#dispatcher.placeFreed(after);
      this.#hints.ready(dispatchKey(after));
    }
    // What a failed run had waited for, it waits for again.
    if (before.status === "failed") this.#router.kick();
    if (told !== undefined) void this.#signals.touched(told);
    // Its worker hears of it before whoever asked: no step begins there that could have been kept from beginning.
    const isNews = after.status !== before.status || after.signals !== before.signals;
    if (isNews && !isTerminal(after.status)) await this.#signals.touched(after);
  }
}

/** What is not there any more need not be seen to. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof KagziError && error.code === "NOT_FOUND") return undefined;
  throw error;
}

function reasonOf(what: "cancelled" | "terminated", runId: RunId, reason: string): ErrorDetail {
  const because = checkText("the reason", reason);
  const message = because === "" ? `run ${runId} was ${what}` : `run ${runId} was ${what}: ${because}`;
  return new KagziError("CANCELLED", message, { subject: "run", subjectId: runId }).detail;
}
