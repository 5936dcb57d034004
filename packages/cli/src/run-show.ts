import { toJson } from "@bufbuild/protobuf";
import { type Step, StepSchema, type Workflow } from "@kagzi/proto";
import type { Command } from "commander";
import { errorLine, errorText } from "./errors-text.ts";
import { withExamples, withNote } from "./examples.ts";
import { RUN_NOTE, findRun } from "./find-run.ts";
import { type Output, type RecordView, fieldsText, hint, showRecord, timeCell, write } from "./output.ts";
import { listAll } from "./pages.ts";
import { payloadAlone, payloadLines, payloadText } from "./payloads.ts";
import { runJson, runLink, tookCell } from "./runs.ts";
import { type ServerFlags, type Session, inNamespace, inSession } from "./session.ts";
import { runStatus, stepKind, stepStatus } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Column, plainTable, wideTable } from "./table.ts";
import { dateOf, spanText } from "./times.ts";

/** Of a value, where not all is to be shown. */
const SHOWN_CHARACTERS = 400;

interface Flags extends ServerFlags {
  readonly full?: true;
  readonly input?: true;
}

/** `kagzi run show` */
export function addRunShow(run: Command, cli: Surroundings): void {
  const command = inNamespace(run.command("show <run>"))
    .description("show a run, its steps and what went wrong")
    .option("--full", "values in full, of steps too, and stacks of errors")
    .option("--input", "nothing but its input, for another program");
  withNote(command, RUN_NOTE);
  withExamples(command, "kagzi run show latest", "kagzi run show latest:hello -o json").action(
    (text: string, flags: Flags) =>
      inSession(cli, flags, async (session) => {
        const runId = await findRun(session, text);
        const workflow = await getRun(session, runId);
        if (flags.input === true) return write(cli, payloadAlone(workflow.input, session.output.isTerminal));
        show(session, workflow, await stepsOf(session, runId), flags.full === true);
      }),
  );
}

/** @throws KagziError `NOT_FOUND` */
export async function getRun({ ask, connection, namespaceId }: Session, runId: string): Promise<Workflow> {
  const { workflow } = await ask((options) => connection.workflows.getWorkflow({ namespaceId, runId }, options));
  if (workflow === undefined) throw new Error(`the server's answer says nothing of run ${runId}`);
  return workflow;
}

function stepsOf({ ask, connection, namespaceId }: Session, runId: string): Promise<readonly Step[]> {
  return listAll(async (page) => {
    const answer = await ask((options) => connection.admin.listSteps({ namespaceId, runId, page }, options));
    return [answer.steps, answer.page];
  });
}

function show(session: Session, run: Workflow, steps: readonly Step[], isFull: boolean): void {
  const { output } = session;
  const stepsJson = steps.map((step) => toJson(StepSchema, step));
  const view: RecordView = {
    fields: fieldsOf(output, run, isFull),
    json: { workflow: runJson(run), steps: stepsJson },
    id: run.runId,
  };
  showRecord(output, view);
  if (output.format !== "table") return;
  if (steps.length > 0) write(output.cli, `\n${stepsTable(output, steps)}`);
  if (isFull) for (const step of steps) write(output.cli, stepInFull(output, step));
  hint(output, runLink(session, run.runId));
}

function fieldsOf(output: Output, run: Workflow, isFull: boolean): RecordView["fields"] {
  const most = isFull ? undefined : SHOWN_CHARACTERS;
  const time = (at: Workflow["createdAt"]) => timeCell(output, dateOf(at));
  const value = (payload: Workflow["input"]) =>
    output.isTerminal ? payloadLines(payload, most) : payloadText(payload);
  return [
    ["run", run.runId],
    ["id", run.externalId],
    ["workflow", `${run.workflowType}@${run.version}`],
    ["status", runStatus(run.status)],
    ["because", run.waitingFor?.message],
    ["cancelled by", run.cancelRequested?.message],
    ["attempt", run.attempts > 1 ? String(run.attempts) : undefined],
    ["priority", run.priority === 0 ? undefined : String(run.priority)],
    ["created", time(run.createdAt)],
    ["started", time(run.startedAt)],
    ["wakes up", time(run.wakeUpAt)],
    ["deadline", time(run.deadlineAt)],
    ["finished", time(run.finishedAt)],
    ["took", tookCell(output, run)],
    ["worker", run.workerId],
    ["task queue", run.taskQueue === "" ? undefined : run.taskQueue],
    ["parent", run.parentRunId],
    ["schedule", run.scheduleId],
    ["event", run.eventId],
    ["continues", run.continuedFromRunId],
    ["continued as", run.continuedAsRunId],
    ["rerun of", run.rerunOfRunId],
    ["progress", value(run.progress)],
    ["input", value(run.input)],
    ["output", value(run.output)],
    ["error", colouredError(run, isFull)],
  ];
}

function colouredError({ error }: Workflow, isFull: boolean) {
  const text = errorText(error, isFull);
  return text === undefined ? undefined : ({ text, colour: "red" } as const);
}

/** A step with its number, if it is not the first of its name. */
export function stepLabel({ name, occurrence }: Step): string {
  return occurrence > 1 ? `${name}#${occurrence}` : name;
}

/** How long a step took, or has been running. */
export function stepTook({ finishedAt, startedAt }: Step, now: number): number | undefined {
  const from = dateOf(startedAt);
  return from === undefined ? undefined : Math.max(0, (dateOf(finishedAt)?.getTime() ?? now) - from.getTime());
}

function stepsTable(output: Output, steps: readonly Step[]): string {
  const now = output.cli.now();
  const took = (step: Step) => {
    const ms = stepTook(step, now);
    return ms === undefined ? undefined : { text: spanText(ms), plain: String(ms) };
  };
  const columns: readonly Column<Step>[] = [
    { title: "STEP", cell: stepLabel, narrow: "cut" },
    { title: "KIND", cell: ({ kind }) => stepKind(kind), narrow: 2 },
    { title: "STATUS", cell: ({ status }) => stepStatus(status) },
    { title: "TRIES", cell: ({ attemptNumber }) => String(attemptNumber), narrow: 3 },
    { title: "TOOK", cell: took, narrow: 1 },
    { title: "WHAT", cell: (step) => stepOutcome(output, step), narrow: "cut" },
  ];
  return output.isTerminal ? wideTable(columns, steps, output) : plainTable(columns, steps);
}

/** What is to be said of a step: its error, when it is due, its child or its result. */
function stepOutcome(output: Output, step: Step) {
  const due = timeCell(output, dateOf(step.dueAt));
  if (step.error !== undefined) return { text: errorLine(step.error), colour: "red" } as const;
  if (step.finishedAt === undefined && due !== undefined) return due;
  return step.childRunId ?? payloadText(step.output);
}

function stepInFull(output: Output, step: Step): string {
  const fields: RecordView["fields"] = [
    ["step", stepLabel(step)],
    ["input", payloadLines(step.input, undefined)],
    ["output", payloadLines(step.output, undefined)],
    ["error", errorText(step.error, true)],
  ];
  return `\n${fieldsText(output, fields)}`;
}
