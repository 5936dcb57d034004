import {
  type ErrorDetail,
  type Operation,
  type Outcome,
  type RunId,
  type RunStatus,
  type WorkerId,
  isTerminal,
} from "@kagzi/core";

export const ENDED: ErrorDetail = { code: "CANCELLED", message: "ended", nonRetryable: true };
const PAUSED: ErrorDetail = { code: "PRECONDITION_FAILED", message: "paused", nonRetryable: true };

/** What operators do, by name. */
export const OPERATIONS = {
  cancel: { do: "cancel", error: ENDED, graceMs: 86_400_000 },
  end: { do: "end", status: "cancelled", error: ENDED },
  pause: { do: "pause", error: PAUSED },
  resume: { do: "resume" },
  retry: { do: "retry" },
} as const satisfies Record<Operation["do"], Operation>;

/** What an operation did: it makes no sense in the run's state, there was nothing to do, or the run is another now. */
export type Effect = "refused" | "nothing" | "changed";

/** A run as somebody would explain it who never saw a database. */
export class ModelRun {
  readonly runId: RunId;
  status: RunStatus = "pending";
  epoch = 0;
  /** Records of its history. */
  seq = 1;
  attempt = 1;
  /** How often somebody had something for it. */
  signals = 0;
  /** When it may be claimed; `undefined` where it waits for a message alone. */
  availableAt: number | undefined;
  workerId: WorkerId | undefined;
  /** When it was to be claimed when it was paused. */
  #readyAt = 0;
  #isToBePaused = false;
  #isToBeCancelled = false;
  /** Paused because its code no longer matches. */
  #isBlocked = false;
  readonly #messages = new Set<string>();

  constructor(runId: RunId, availableAt: number) {
    this.runId = runId;
    this.availableAt = availableAt;
  }

  isReady(now: number): boolean {
    const waits = this.status === "pending" || this.status === "sleeping" || this.status === "waiting";
    return waits && this.availableAt !== undefined && this.availableAt <= now;
  }

  claim(workerId: WorkerId): void {
    this.status = "running";
    this.epoch += 1;
    this.workerId = workerId;
  }

  /** Whether its worker may leave it so: a run that is to be cancelled ends in no other way. */
  allows(outcome: Outcome | undefined): boolean {
    return !this.#isToBeCancelled || (outcome?.become !== "completed" && outcome?.become !== "failed");
  }

  leave(outcome: Outcome, now: number): void {
    switch (outcome.become) {
      case "parked":
        this.#park(outcome, now);
        break;
      case "released":
        this.giveBack(now);
        break;
      case "blocked":
        this.#isBlocked = true;
        this.status = "paused";
        break;
      default:
        this.#endAs(outcome.become === "continued" ? "completed" : outcome.become);
    }
  }

  giveBack(availableAt: number): void {
    this.status = this.#isToBePaused ? "paused" : "pending";
    this.availableAt = availableAt;
  }

  receive(messageId: string, now: number): void {
    if (isTerminal(this.status) || this.#messages.has(messageId)) return;
    this.#messages.add(messageId);
    this.signals += 1;
    if (this.status === "waiting") this.#goOn(now);
  }

  operate(name: Operation["do"], now: number): Effect {
    const hasEnded = isTerminal(this.status);
    if (name === "retry") return this.status === "failed" ? this.#retry(now) : "refused";
    if (name === "end") return hasEnded ? "nothing" : this.#endAs("cancelled");
    if (name === "cancel") return hasEnded || this.#isToBeCancelled ? "nothing" : this.#cancel(now);
    if (hasEnded) return "refused";
    const isPaused = this.#isToBePaused || this.status === "paused";
    if (name === "resume") return isPaused ? this.#resume(now) : "nothing";
    if (isPaused) return "nothing";
    return this.#isToBeCancelled ? "refused" : this.#pause();
  }

  #park(outcome: Extract<Outcome, { become: "parked" }>, now: number): void {
    const { forMessages = false, signals, wakeAt } = outcome;
    const knowsAll = signals === undefined ? !this.#isToBeCancelled : signals >= this.signals;
    if (this.#isToBePaused || !knowsAll) this.giveBack(now);
    else {
      this.status = forMessages ? "waiting" : "sleeping";
      this.availableAt = wakeAt;
    }
  }

  #pause(): Effect {
    if (this.status === "running") {
      this.#isToBePaused = true;
      this.signals += 1;
    } else {
      this.#readyAt = this.status === "pending" ? (this.availableAt ?? 0) : 0;
      this.status = "paused";
    }
    return "changed";
  }

  #resume(now: number): Effect {
    this.#isToBePaused = false;
    this.#isBlocked = false;
    if (this.status === "paused") this.#goOn(Math.max(now, this.#readyAt));
    this.#readyAt = 0;
    return "changed";
  }

  #cancel(now: number): Effect {
    if (this.epoch === 0 || this.#isBlocked) return this.#endAs("cancelled");
    this.#isToBeCancelled = true;
    this.#isToBePaused = false;
    this.signals += 1;
    if (this.status !== "running") this.#goOn(now);
    return "changed";
  }

  #retry(now: number): Effect {
    this.#isToBeCancelled = false;
    this.attempt += 1;
    this.seq += 1;
    this.#goOn(now);
    return "changed";
  }

  #goOn(now: number): void {
    this.status = "pending";
    this.availableAt = now;
  }

  #endAs(status: "completed" | "failed" | "cancelled"): Effect {
    this.status = status;
    this.seq += 1;
    this.#isToBePaused = false;
    return "changed";
  }
}
