import { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import { decodePayload } from "../payload/payload.ts";
import type { StepRecord } from "../replay/records.ts";
import { Mismatch, type StepOutcome } from "../replay/replay.ts";

/** Gives an outcome to the code that waits for it. */
export function hand(outcome: StepOutcome, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  if (outcome.type === "failed") return reject(fromErrorDetail(outcome.error));
  try {
    resolve(decodePayload(outcome.payload));
  } catch (error) {
    reject(error);
  }
}

/** A record as messages name it. */
export function describeRecord({ kind, name, occurrence }: StepRecord): string {
  return `${kind} ${JSON.stringify(name)} (number ${occurrence} of that name) is recorded`;
}

/** Code that never asks for a step that is recorded is other code. */
export function notAskedFor(record: StepRecord): Mismatch {
  return new Mismatch(`${describeRecord(record)}, and the code does not ask for it`);
}

/** What was thrown, in a few words. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Why functions are aborted that are still running when the worker has to go. */
export function workerStops(): KagziError {
  return new KagziError("CANCELLED", "the worker stops; the run goes on elsewhere");
}
