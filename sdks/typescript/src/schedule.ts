import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type PayloadSchema, ScheduleOverlap, type WorkflowScheduleSchema } from "@kagzi/proto";
import { durationMs } from "./duration.ts";
import type { Duration } from "./duration-grammar.ts";
import { KagziError } from "./error.ts";
import { checkName, checkText } from "./names.ts";

/** When a schedule fires: by exactly one of these. */
export type ScheduleTiming =
  | {
      /** Five fields (`"30 6 * * MON-FRI"`), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. */
      readonly cron: string;
      /** An IANA name, by whose wall clock the expression counts; default UTC. */
      readonly timezone?: string;
      readonly every?: undefined;
      readonly at?: undefined;
    }
  | {
      /** At least a second; counted from 1970-01-01T00:00:00Z, so that `"15m"` is at :00, :15, :30 and :45. */
      readonly every: Duration;
      readonly cron?: undefined;
      readonly timezone?: undefined;
      readonly at?: undefined;
    }
  | {
      /** Once. */
      readonly at: Date;
      readonly cron?: undefined;
      readonly timezone?: undefined;
      readonly every?: undefined;
    };

/**
 * What happens to a fire while a run of the same schedule has not ended. `skip`: nothing. `allow`: another run starts beside
 * it. `buffer-one`: one fire is remembered and starts when the run has ended, further ones are skipped.
 */
export type ScheduleOverlapPolicy = "skip" | "allow" | "buffer-one";

/** What may be said of a schedule beside when it fires. */
export interface ScheduleRules {
  /**
   * How many missed fires are made up for, the latest of them: 0 to 1000, default 1. A fire that is at most a minute late
   * was not missed.
   */
  readonly maxCatchup?: number;
  /** Default `"skip"`. */
  readonly overlap?: ScheduleOverlapPolicy;
}

/** For which time a schedule starts a run. */
export interface ScheduledFire {
  readonly scheduleId: string;
  /** Of a schedule that was triggered: when it was. */
  readonly scheduledAt: Date;
}

/** A schedule in the code of a workflow: it is kept in step with the code when a worker registers. */
export type ScheduleDeclaration<Input = unknown> = ScheduleRules &
  Exclude<ScheduleTiming, { readonly at: Date }> & {
    /** Default: the name of the workflow, then `name-2`, `name-3`. */
    readonly id?: string;
    /** The same for every run, or made for each of them by a worker, once. */
    readonly input?: Input | ((fire: ScheduledFire) => Input | Promise<Input>);
  };

/** A cron expression, a schedule, or several. */
export type ScheduleDeclarations<Input = unknown> =
  string | ScheduleDeclaration<Input> | readonly (string | ScheduleDeclaration<Input>)[];

/** A schedule of a workflow's code, with its id. */
export type DeclaredSchedule = ScheduleDeclaration & { readonly id: string };

/** In the place of an input that the worker is to make. */
const MADE_BY_WORKER = "application/vnd.kagzi.schedule-input";

/** The step that remembers an input that was made by the worker. */
export const INPUT_STEP = "schedule input";

type WirePayload = MessageInitShape<typeof PayloadSchema>;

/** Stands for an input that the worker is to make. No codec changes it: it says nothing. */
export function inputToBeMade(): WirePayload {
  return { data: new Uint8Array(), metadata: { "content-type": MADE_BY_WORKER } };
}

export function isToBeMade(payload: { readonly metadata: Readonly<Record<string, string>> } | undefined): boolean {
  return payload?.metadata["content-type"] === MADE_BY_WORKER;
}

/** The schedules of a workflow's code, each with its id. @throws KagziError `INVALID_ARGUMENT` */
export function declaredSchedules(
  workflow: string,
  given: ScheduleDeclarations<never> | undefined,
): readonly DeclaredSchedule[] {
  if (given === undefined) return [];
  const list: readonly (string | ScheduleDeclaration)[] = Array.isArray(given) ? given : [given];
  const declared = list.map((each, index): DeclaredSchedule => {
    const { id = index === 0 ? workflow : `${workflow}-${index + 1}`, ...rest } =
      typeof each === "string" ? { cron: each } : each;
    return { ...rest, id: checkName("the id of a schedule", id) };
  });
  // What is wrong is said where it stands, and not when a worker starts.
  for (const each of declared) wireTiming(each, `schedule ${JSON.stringify(each.id)}`);
  const [twice] = declared.filter(({ id }, index) => declared.findIndex((other) => other.id === id) < index);
  if (twice === undefined) return declared;
  throw invalid(
    `workflow ${JSON.stringify(workflow)} has two schedules ${JSON.stringify(twice.id)}: give one another id`,
  );
}

type WireTiming = Pick<MessageInitShape<typeof WorkflowScheduleSchema>, "cronExpr" | "timezone" | "everyMs" | "at">;

/** When a schedule fires, for the wire. @throws KagziError `INVALID_ARGUMENT` */
export function wireTiming({ at, cron, every, timezone }: Partial<ScheduleTiming>, what: string): WireTiming {
  const given = [at, cron, every].filter((each) => each !== undefined).length;
  if (given !== 1) {
    throw invalid(`${what} needs one of cron (like "0 6 * * *"), every (like "15m") and at, and has ${given} of them`);
  }
  if (timezone !== undefined && cron === undefined) throw invalid(`the timezone of ${what} goes with cron alone`);
  if (at !== undefined) {
    if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw invalid(`"at" of ${what} must be a valid Date`);
    return { at: timestampFromDate(at) };
  }
  if (every !== undefined) return { everyMs: BigInt(durationMs(every, `"every" of ${what}`)) };
  const zone = timezone === undefined ? {} : { timezone: checkText(`the timezone of ${what}`, timezone) };
  return { cronExpr: checkText(`the cron expression of ${what}`, String(cron)), ...zone };
}

const OVERLAP: Readonly<Record<ScheduleOverlapPolicy, ScheduleOverlap>> = {
  skip: ScheduleOverlap.SKIP,
  allow: ScheduleOverlap.ALLOW,
  "buffer-one": ScheduleOverlap.BUFFER_ONE,
};

/** The rules of a schedule, for the wire. @throws KagziError `INVALID_ARGUMENT` */
export function wireRules({ maxCatchup, overlap }: ScheduleRules, what: string) {
  if (maxCatchup !== undefined && !(Number.isInteger(maxCatchup) && maxCatchup >= 0 && maxCatchup <= 1000)) {
    throw invalid(`maxCatchup of ${what} must be a whole number from 0 to 1000, not ${String(maxCatchup)}`);
  }
  if (overlap !== undefined && !Object.hasOwn(OVERLAP, overlap)) {
    throw invalid(`overlap of ${what} must be "skip", "allow" or "buffer-one", not ${JSON.stringify(overlap)}`);
  }
  return {
    ...(maxCatchup !== undefined && { maxCatchup }),
    ...(overlap !== undefined && { overlap: OVERLAP[overlap] }),
  };
}

/** An overlap of the wire; one of a newer server counts as the default. */
export function fromWireOverlap(overlap: ScheduleOverlap): ScheduleOverlapPolicy {
  const found = Object.entries(OVERLAP).find(([, wire]) => wire === overlap);
  return (found?.[0] ?? "skip") as ScheduleOverlapPolicy;
}

function invalid(message: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", message);
}
