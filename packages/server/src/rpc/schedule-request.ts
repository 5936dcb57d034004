import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  KagziError,
  type Overlap,
  type Payload,
  type ScheduleReference,
  type ScheduleSpec,
  type Timing,
  checkName,
  checkNamespaceId,
} from "@kagzi/core";
import { type CreateWorkflowScheduleRequest, ScheduleOverlap, type WorkflowVersion } from "@kagzi/proto";
import type { Declaration } from "../engine/declared-schedules.ts";
import { fromTimestamp, keyOf } from "./convert.ts";

/** How many missed fires are made up for where nobody says. */
const DEFAULT_CATCHUP = 1;

export const OVERLAP: Readonly<Record<Overlap, ScheduleOverlap>> = {
  skip: ScheduleOverlap.SKIP,
  allow: ScheduleOverlap.ALLOW,
  bufferOne: ScheduleOverlap.BUFFER_ONE,
};

/** How the wire says when a schedule fires. */
interface WireTiming {
  readonly cronExpr?: string | undefined;
  readonly timezone?: string | undefined;
  readonly everyMs?: bigint | undefined;
  readonly at?: Timestamp | undefined;
}

/** @throws KagziError `INVALID_ARGUMENT` unless exactly one of the three is given */
export function timingOf({ at, cronExpr = "", everyMs, timezone = "" }: WireTiming): Timing {
  const given: Timing[] = [];
  if (cronExpr !== "") given.push({ kind: "cron", expression: cronExpr, timezone: timezone === "" ? "UTC" : timezone });
  if (everyMs !== undefined) given.push({ kind: "every", everyMs: Number(everyMs) });
  if (at !== undefined) given.push({ kind: "at", at: fromTimestamp(at) });
  const [timing, second] = given;
  if (timing === undefined || second !== undefined) {
    throw invalid('a schedule needs one of cron_expr (like "0 6 * * *"), every_ms and at, and not two of them');
  }
  if (timing.kind !== "cron" && timezone !== "") throw invalid("a timezone goes with cron_expr alone");
  return timing;
}

/** @throws KagziError `INVALID_ARGUMENT` for a value of a newer contract */
export function overlapOf(overlap: ScheduleOverlap): Overlap | undefined {
  if (overlap === ScheduleOverlap.UNSPECIFIED) return undefined;
  const known = keyOf(OVERLAP, overlap);
  if (known !== undefined) return known;
  throw invalid(`overlap ${overlap} is none that there is: SKIP, ALLOW or BUFFER_ONE`);
}

/** @throws KagziError `INVALID_ARGUMENT` for an id that none can have */
export function scheduleReference(request: {
  readonly namespaceId: string;
  readonly scheduleId: string;
}): ScheduleReference {
  const scheduleId = checkName("the id of a schedule", request.scheduleId);
  return { namespaceId: checkNamespaceId(request.namespaceId), scheduleId };
}

/** What is said of a schedule that is to be made. @throws KagziError `INVALID_ARGUMENT` */
export function specOf(request: CreateWorkflowScheduleRequest): ScheduleSpec {
  const { taskQueue, version, workflowType } = request;
  return { ...rulesOf(request), taskQueue, workflowType, version };
}

/** The schedules in the code of a workflow. @throws KagziError `INVALID_ARGUMENT` */
export function declarationOf({ schedules, version, workflowType }: WorkflowVersion): Declaration {
  const declared = schedules.map((schedule) => ({ ...rulesOf(schedule), scheduleId: schedule.scheduleId }));
  return { workflowType, version, schedules: declared };
}

function rulesOf(
  request: WireTiming & {
    readonly input?: Payload | undefined;
    readonly maxCatchup?: number | undefined;
    readonly overlap: ScheduleOverlap;
  },
) {
  return {
    timing: timingOf(request),
    input: request.input,
    maxCatchup: request.maxCatchup ?? DEFAULT_CATCHUP,
    overlap: overlapOf(request.overlap) ?? "skip",
  };
}

function invalid(message: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", message);
}
