import { StepKind, StepStatus, type Workflow, WorkerStatus, WorkflowStatus } from "@kagzi/proto";
import { KagziError } from "@kagzi/core";
import { meant } from "./suggest.ts";
import type { Cell } from "./table.ts";

type Colour = NonNullable<Cell["colour"]>;
type Look = readonly [word: string, glyph: string, colour: Colour];

const RUN: Readonly<Record<WorkflowStatus, Look>> = {
  [WorkflowStatus.UNSPECIFIED]: ["unknown", "?", "dim"],
  [WorkflowStatus.PENDING]: ["pending", "○", "dim"],
  [WorkflowStatus.RUNNING]: ["running", "●", "blue"],
  [WorkflowStatus.SLEEPING]: ["sleeping", "◐", "cyan"],
  [WorkflowStatus.WAITING]: ["waiting", "◌", "cyan"],
  [WorkflowStatus.PAUSED]: ["paused", "‖", "yellow"],
  [WorkflowStatus.COMPLETED]: ["completed", "✓", "green"],
  [WorkflowStatus.FAILED]: ["failed", "✗", "red"],
  [WorkflowStatus.CANCELLED]: ["cancelled", "⊘", "magenta"],
};

const STEP: Readonly<Record<StepStatus, Look>> = {
  [StepStatus.UNSPECIFIED]: ["unknown", "?", "dim"],
  [StepStatus.PENDING]: ["waiting", "○", "yellow"],
  [StepStatus.RUNNING]: ["running", "●", "blue"],
  [StepStatus.COMPLETED]: ["completed", "✓", "green"],
  [StepStatus.FAILED]: ["failed", "✗", "red"],
};

const WORKER: Readonly<Record<WorkerStatus, Look>> = {
  [WorkerStatus.UNSPECIFIED]: ["unknown", "?", "dim"],
  [WorkerStatus.ONLINE]: ["online", "●", "green"],
  [WorkerStatus.DRAINING]: ["draining", "◐", "yellow"],
  [WorkerStatus.OFFLINE]: ["offline", "○", "dim"],
};

const KIND: Readonly<Record<StepKind, string>> = {
  [StepKind.UNSPECIFIED]: "step",
  [StepKind.FUNCTION]: "step",
  [StepKind.SLEEP]: "sleep",
  [StepKind.EVENT]: "event",
  [StepKind.CHILD_WORKFLOW]: "child",
};

const ENDED: ReadonlySet<WorkflowStatus> = new Set([
  WorkflowStatus.COMPLETED,
  WorkflowStatus.FAILED,
  WorkflowStatus.CANCELLED,
]);

/** A status as glyph and word in its colour; scripts get the word. A newer server may have others. */
function look([word, glyph, colour]: Look = ["unknown", "?", "dim"]): Cell {
  return { text: `${glyph} ${word}`, plain: word, colour };
}

export function runStatus(status: WorkflowStatus): Cell {
  return look(RUN[status]);
}

export function runWord(status: WorkflowStatus): string {
  return RUN[status]?.[0] ?? "unknown";
}

export function stepStatus(status: StepStatus): Cell {
  return look(STEP[status]);
}

export function workerStatus(status: WorkerStatus): Cell {
  return look(WORKER[status]);
}

export function stepKind(kind: StepKind): string {
  return KIND[kind] ?? "step";
}

export function hasEnded({ status }: Pick<Workflow, "status">): boolean {
  return ENDED.has(status);
}

/** @throws KagziError `INVALID_ARGUMENT` for a word that is no status */
export function statusNamed(word: string): WorkflowStatus {
  return named(RUN, word);
}

/** @throws KagziError `INVALID_ARGUMENT` for a word that is no status */
export function workerStatusNamed(word: string): WorkerStatus {
  return named(WORKER, word);
}

function named<Status extends number>(looks: Readonly<Record<Status, Look>>, word: string): Status {
  const known = Object.entries(looks) as [string, Look][];
  const words = known.map(([, [each]]) => each).filter((each) => each !== "unknown");
  const found = known.find(([, [each]]) => each === word && each !== "unknown");
  if (found !== undefined) return Number(found[0]) as Status;
  const near = meant(word, words);
  const advice = near === undefined ? `give one of ${words.join(", ")}` : `is it ${near}?`;
  throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(word)} is no status: ${advice}`);
}
