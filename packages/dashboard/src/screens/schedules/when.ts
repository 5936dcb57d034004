import type { WorkflowSchedule } from "@kagzi/proto";
import { formatDuration, toMs } from "../../app/format.ts";

/** When a schedule fires, in words: `0 9 * * 1 (Europe/Berlin)`, `every 5 min`, `once`. */
export function whenOf({ at, cronExpr, everyMs, timezone }: WorkflowSchedule): string {
  if (everyMs !== undefined) return `every ${formatDuration(Number(everyMs))}`;
  if (at !== undefined) return "once";
  return `${cronExpr} (${timezone === "" ? "UTC" : timezone})`;
}

/** A schedule's rule as somebody types it. */
export interface WhenDraft {
  readonly kind: "cron" | "every" | "at";
  readonly cron: string;
  readonly timezone: string;
  readonly everySeconds: string;
  /** As a box for date and time has it: in UTC. */
  readonly at: string;
}

export const NEW_RULE: WhenDraft = { kind: "cron", cron: "0 9 * * *", timezone: "", everySeconds: "3600", at: "" };

export function draftOf(schedule: WorkflowSchedule): WhenDraft {
  const { at, cronExpr, everyMs, timezone } = schedule;
  return {
    kind: everyMs !== undefined ? "every" : at !== undefined ? "at" : "cron",
    cron: cronExpr === "" ? NEW_RULE.cron : cronExpr,
    timezone,
    everySeconds: everyMs === undefined ? NEW_RULE.everySeconds : String(Number(everyMs) / 1000),
    at: at === undefined ? "" : new Date(toMs(at)).toISOString().slice(0, 19),
  };
}

/** The rule in the fields of a request; or what is missing. */
export function ruleOf(draft: WhenDraft) {
  switch (draft.kind) {
    case "cron":
      return { cronExpr: draft.cron.trim(), timezone: draft.timezone.trim() };
    case "every":
      return { everyMs: BigInt(Math.round(Number(draft.everySeconds) * 1000)) };
    case "at": {
      const ms = Date.parse(`${draft.at}Z`);
      return Number.isNaN(ms) ? undefined : { at: { seconds: BigInt(Math.floor(ms / 1000)), nanos: 0 } };
    }
  }
}
