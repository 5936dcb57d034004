import type { ErrorDetail } from "./error.ts";
import type { RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { Due, Instant } from "./time.ts";

/** What a step does. */
export type StepKind = "function" | "sleep" | "event" | "child";

/** What a record is about: a step, or the run itself. */
export type RecordKind = StepKind | "run";

/**
 * What a record says: a wait (or the run) began; an attempt failed and another one is due; the run was told that it is
 * to be cancelled; or the outcome, after which nothing more is recorded for this step in this attempt of the run.
 */
export type RecordType = "started" | "retrying" | "cancelling" | "completed" | "failed" | "cancelled";

/** A step within its run: its name, and the how-manieth of that name it is, from 1. */
export interface StepKey {
  readonly name: string;
  readonly occurrence: number;
}

/** What a record holds before the store has numbered and dated it. Records of the run itself have no name. */
export interface NewRecord extends StepKey {
  readonly kind: RecordKind;
  readonly type: RecordType;
  /** Of the step, or of the run, from 1. */
  readonly attempt: number;
  /** The input of `started`, the output of `completed`. */
  readonly payload?: Payload;
  /** What a step was called with, where its author asked for that to be kept. */
  readonly input?: Payload;
  readonly error?: ErrorDetail;
  /** When the wait ends or the next attempt is due. */
  readonly due?: Due;
  /** When the worker handed it to the workflow's code; the run's own notion of time. Absent: when it is stored. */
  readonly observedAt?: Instant;
  readonly durationMs?: number;
  /** Of a wait whose time is over: the record that started it. The store refuses it before that record is due. */
  readonly startedSeq?: number;
  /** Of a child: the run that was started for it. */
  readonly childRunId?: RunId;
  /** Of a wait for an event that begins: the key of the events that it takes; without one any. */
  readonly key?: string;
  /** Done by the server, whose word the worker waits for: a child was started, an event was sent, or could not be. */
  readonly decided?: boolean;
  /** The message that the wait took: its payload or error is recorded, and nobody takes it again. */
  readonly takes?: number;
}

/** One entry of a run's history, never changed. `seq` counts from 1 without gaps. */
export interface HistoryRecord extends Omit<
  NewRecord,
  "due" | "startedSeq" | "takes" | "observedAt" | "key" | "decided"
> {
  readonly seq: number;
  /** The lease under which it was written; 0 for the first record and for what the server wrote. */
  readonly epoch: number;
  readonly dueAt?: Instant;
  readonly observedAt: Instant;
  readonly recordedAt: Instant;
}

/** A step as people and messages name it: `charge`, `charge#2`. */
export function formatStepKey(key: StepKey): string {
  return key.occurrence === 1 ? key.name : `${key.name}#${key.occurrence}`;
}

/** Reads what {@link formatStepKey} wrote. Names that end in `#` and digits are refused elsewhere, so this is unambiguous. */
export function parseStepKey(text: string): StepKey {
  const numbered = /^(.+)#([1-9]\d{0,8})$/su.exec(text);
  return numbered?.[1] === undefined
    ? { name: text, occurrence: 1 }
    : { name: numbered[1], occurrence: Number(numbered[2]) };
}
