import { StepKind } from "@kagzi/proto";
import type { ReactNode } from "react";
import type { IconName } from "../../components/icon.tsx";
import { Badge, type Tone } from "../../components/status.tsx";
import type { StepRow, StepState } from "./fold-history.ts";

const KIND: Readonly<Record<StepKind, { readonly icon: IconName; readonly word: string }>> = {
  [StepKind.UNSPECIFIED]: { icon: "code", word: "step" },
  [StepKind.FUNCTION]: { icon: "code", word: "function" },
  [StepKind.SLEEP]: { icon: "sleeping", word: "sleep" },
  [StepKind.EVENT]: { icon: "event", word: "event" },
  [StepKind.CHILD_WORKFLOW]: { icon: "child", word: "child run" },
};

export function kindOf(kind: StepKind): { readonly icon: IconName; readonly word: string } {
  return KIND[kind] ?? KIND[StepKind.UNSPECIFIED];
}

const TONE: Readonly<Record<StepState, Tone>> = {
  running: "running",
  waiting: "waiting",
  retrying: "waiting",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

export function stepTone({ kind, state }: StepRow): Tone {
  return state === "waiting" && kind === StepKind.SLEEP ? "sleeping" : TONE[state];
}

export function StepBadge({ row }: { readonly row: StepRow }): ReactNode {
  const tone = stepTone(row);
  return <Badge tone={tone}>{row.state === "retrying" ? "to be retried" : tone}</Badge>;
}
