import { StepStatus, WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

/** How a state looks: sign, word and colour together, so that none of them is needed alone. */
export type Tone = "pending" | "running" | "sleeping" | "waiting" | "paused" | "completed" | "failed" | "cancelled";

const RUN: Readonly<Record<WorkflowStatus, Tone>> = {
  [WorkflowStatus.UNSPECIFIED]: "pending",
  [WorkflowStatus.PENDING]: "pending",
  [WorkflowStatus.RUNNING]: "running",
  [WorkflowStatus.SLEEPING]: "sleeping",
  [WorkflowStatus.WAITING]: "waiting",
  [WorkflowStatus.PAUSED]: "paused",
  [WorkflowStatus.COMPLETED]: "completed",
  [WorkflowStatus.FAILED]: "failed",
  [WorkflowStatus.CANCELLED]: "cancelled",
};

const STEP: Readonly<Record<StepStatus, Tone>> = {
  [StepStatus.UNSPECIFIED]: "pending",
  [StepStatus.PENDING]: "waiting",
  [StepStatus.RUNNING]: "running",
  [StepStatus.COMPLETED]: "completed",
  [StepStatus.FAILED]: "failed",
};

/** The states of runs that have not ended, in the order of their lives, and then the others. */
export const RUN_STATUSES: readonly WorkflowStatus[] = [
  WorkflowStatus.PENDING,
  WorkflowStatus.RUNNING,
  WorkflowStatus.SLEEPING,
  WorkflowStatus.WAITING,
  WorkflowStatus.PAUSED,
  WorkflowStatus.COMPLETED,
  WorkflowStatus.FAILED,
  WorkflowStatus.CANCELLED,
];

export function toneOf(status: WorkflowStatus): Tone {
  return RUN[status] ?? "pending";
}

/** Whether a run is over. */
export function hasEnded(status: WorkflowStatus): boolean {
  return status === WorkflowStatus.COMPLETED || status === WorkflowStatus.FAILED || status === WorkflowStatus.CANCELLED;
}

export interface BadgeProps {
  readonly tone: Tone;
  /** Instead of the tone's own word. */
  readonly children?: ReactNode;
  readonly icon?: IconName;
}

/** A state of anything: a worker that is online is `<Badge tone="completed">online</Badge>`. */
export function Badge({ tone, icon = tone, children = tone }: BadgeProps): ReactNode {
  return (
    <span className={`badge tone-${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

/** The state of a run. */
export function RunStatus({ status }: { readonly status: WorkflowStatus }): ReactNode {
  return <Badge tone={toneOf(status)} />;
}

/** The state of a step. */
export function StepStatusBadge({ status }: { readonly status: StepStatus }): ReactNode {
  return <Badge tone={STEP[status] ?? "pending"} />;
}
