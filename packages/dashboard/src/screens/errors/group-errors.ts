import { type Workflow } from "@kagzi/proto";
import { toMs } from "../../app/format.ts";
import { codeName } from "../../client/errors.ts";

/** Runs that failed of the same: by name and message of their errors, whatever the ids and numbers in them. */
export interface ErrorGroup {
  readonly key: string;
  readonly name: string;
  /** Of the newest of them. */
  readonly message: string;
  /** The newest first. */
  readonly runs: readonly Workflow[];
  readonly workflows: readonly string[];
}

/** Groups runs, those of the most runs first. */
export function groupErrors(runs: readonly Workflow[]): readonly ErrorGroup[] {
  const groups = new Map<string, Workflow[]>();
  for (const run of runs) {
    const key = `${nameOf(run)}: ${alike(run.error?.message ?? "")}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups].map(toGroup).toSorted((one, other) => other.runs.length - one.runs.length);
}

function toGroup([key, runs]: readonly [string, readonly Workflow[]]): ErrorGroup {
  const sorted = runs.toSorted((one, other) => endedMs(other) - endedMs(one));
  const [newest] = sorted;
  return {
    key,
    name: newest === undefined ? "" : nameOf(newest),
    message: newest?.error?.message ?? "",
    runs: sorted,
    workflows: [...new Set(runs.map(({ workflowType }) => workflowType))].sort(),
  };
}

/** Of what user code threw: an error of ours around it says only that a step failed. */
function nameOf({ error }: Workflow): string {
  if (error === undefined) return "Error";
  const { cause, code, name } = error;
  if (name === "KagziError" && cause !== undefined && cause.name !== "") return cause.name;
  return name === "" ? codeName(code) : name;
}

function endedMs({ finishedAt }: Workflow): number {
  return finishedAt === undefined ? 0 : toMs(finishedAt);
}

/** A message without what differs from run to run: ids, numbers and what stands in quotes. */
export function alike(message: string): string {
  return message
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/giu, "…")
    .replace(/"[^"]*"|'[^']*'/gu, "…")
    .replace(/\b[\w-]*\d[\w-]*/gu, "…");
}
