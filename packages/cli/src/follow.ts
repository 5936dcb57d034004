import { toJson } from "@bufbuild/protobuf";
import { KagziError } from "@kagzi/core";
import { type ListStepsResponse, type Step, StepSchema, StepStatus, type Workflow, WorkflowStatus } from "@kagzi/proto";
import { errorLine, errorText } from "./errors-text.ts";
import { note, showRecord, write } from "./output.ts";
import { LARGEST_PAGE } from "./pages.ts";
import { payloadAlone } from "./payloads.ts";
import { stepLabel, stepTook } from "./run-show.ts";
import { runJson } from "./runs.ts";
import type { Session } from "./session.ts";
import { runStatus, runWord, stepKind, stepStatus } from "./status.ts";
import { cutTo, isTerminal, padTo, painter, printable } from "./terminal.ts";
import { dateOf, relativeText, spanText } from "./times.ts";

/** What a script can tell from the exit code of a command that waits for a run. */
export const RUN_FAILED = 7;
export const RUN_CANCELLED = 8;
/** One call waits this long at the server, and is made again. */
const WAIT_MS = 30_000;
/** While steps are shown as they happen, they are looked at so often. */
const LOOK_MS = 500;

/** How a run is waited for. */
export interface Waiting {
  /** Shows its steps as they happen. */
  readonly isFollowed: boolean;
  /** How long at most, and how the user wrote that. */
  readonly timeout: { readonly ms: number; readonly text: string } | undefined;
}

/**
 * Waits for a run to end, and for the one that goes on as it, if it does.
 * @throws KagziError `TIMEOUT` when the wait is over; `CANCELLED` when the user gave up. The run goes on
 */
export async function waitForEnd(session: Session, runId: string, waiting: Waiting): Promise<Workflow> {
  const until = waiting.timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + waiting.timeout.ms;
  const show = waiting.isFollowed ? new Timeline(session) : undefined;
  try {
    for (let current = runId; ;) {
      await show?.look(current);
      const left = Math.max(0, Math.ceil(until - performance.now()));
      const { finished, run } = await waitOnce(
        session,
        current,
        Math.min(left, show === undefined ? WAIT_MS : LOOK_MS),
      );
      if (!finished) show?.status(run);
      if (finished) await show?.look(current);
      if (finished && run.continuedAsRunId === undefined) return run;
      if (finished) current = run.continuedAsRunId ?? current;
      else if (left === 0) throw notYet(run, waiting.timeout?.text ?? "");
    }
  } catch (error) {
    show?.clear();
    if (session.signal.aborted)
      note(session.output, `run ${runId} goes on; kagzi run follow ${runId} follows it again`);
    throw error;
  } finally {
    show?.clear();
  }
}

/** Writes what a run came to, and says by the exit code how it ended. */
export function showEnd({ output }: Session, run: Workflow): void {
  const { cli, format, isTerminal: isForPeople } = output;
  const isCompleted = run.status === WorkflowStatus.COMPLETED;
  if (format !== "table") showRecord(output, { fields: [], json: runJson(run), id: run.runId });
  else if (isCompleted) write(cli, payloadAlone(run.output, isForPeople));
  if (isCompleted) return;
  note(output, `run ${run.runId} ${runWord(run.status)}: ${errorText(run.error, false) ?? "it does not say why"}`);
  if (run.status === WorkflowStatus.FAILED) note(output, `kagzi run show ${run.runId} --full shows more`);
  cli.exit(run.status === WorkflowStatus.CANCELLED ? RUN_CANCELLED : RUN_FAILED);
}

async function waitOnce({ ask, connection, namespaceId }: Session, runId: string, ms: number) {
  const request = { namespaceId, runId, timeoutMs: BigInt(ms) };
  const { finished, workflow } = await ask((options) => connection.workflows.waitWorkflow(request, options));
  if (workflow === undefined) throw new KagziError("INTERNAL", `the server's answer says nothing of run ${runId}`);
  return { finished, run: workflow };
}

function notYet({ runId, status }: Workflow, timeout: string): KagziError {
  return new KagziError(
    "TIMEOUT",
    `run ${runId} did not end within ${timeout}: it is ${runWord(status)}, and goes on; kagzi run explain ${runId} says why`,
    { subject: "run", subjectId: runId },
  );
}

/** The steps of a run as they happen: a line for each change, and what the run is at on the last line of a terminal. */
class Timeline {
  readonly #session: Session;
  readonly #shown = new Map<string, string>();
  readonly #isLive: boolean;
  /** Pages before this one hold nothing that can still change. */
  #settled = { runId: "", token: "" };
  #isDrawn = false;
  readonly #begun = performance.now();

  constructor(session: Session) {
    this.#session = session;
    const { env, stderr } = session.output.cli;
    this.#isLive = isTerminal(stderr, env);
  }

  /** Shows what is new. */
  async look(runId: string): Promise<void> {
    const { ask, connection, namespaceId } = this.#session;
    if (this.#settled.runId !== runId) this.#settled = { runId, token: "" };
    let isSettled = true;
    for (let pageToken: string | undefined = this.#settled.token; pageToken !== undefined;) {
      const request = { namespaceId, runId, page: { pageSize: LARGEST_PAGE, pageToken } };
      const part: ListStepsResponse = await ask((options) => connection.admin.listSteps(request, options));
      const { page, steps } = part;
      for (const step of steps) this.#show(step);
      isSettled &&= page?.hasMore === true && steps.every(isOver);
      pageToken = page?.hasMore === true ? page.nextPageToken : undefined;
      if (isSettled && pageToken !== undefined) this.#settled = { runId, token: pageToken };
    }
  }

  /** Says what the run is at. */
  status({ status }: Workflow): void {
    if (!this.#isLive) return;
    const { cli } = this.#session.output;
    const { colour = "dim", text } = runStatus(status);
    const paint = painter(cli.stderr, cli.env);
    const seconds = Math.floor((performance.now() - this.#begun) / 1000);
    const took = seconds === 0 ? "" : `${spanText(seconds * 1000)}, `;
    cli.stderr.write(`\r\u001B[K${paint(colour, text)} ${paint("dim", `${took}Ctrl-C leaves it running`)}`);
    this.#isDrawn = true;
  }

  /** Takes the last line away. */
  clear(): void {
    if (this.#isDrawn) this.#session.output.cli.stderr.write("\r\u001B[K");
    this.#isDrawn = false;
  }

  #show(step: Step): void {
    const state = `${step.status} ${step.attemptNumber}`;
    if (this.#shown.get(step.stepId) === state) return;
    this.#shown.set(step.stepId, state);
    this.clear();
    const { output } = this.#session;
    if (output.format === "jsonl") write(output.cli, `${JSON.stringify(toJson(StepSchema, step))}\n`);
    else output.cli.stderr.write(`${this.#isLive ? this.#line(step) : this.#plainLine(step)}\n`);
  }

  #line(step: Step): string {
    const { cli } = this.#session.output;
    const paint = painter(cli.stderr, cli.env);
    const { colour = "dim", text } = stepStatus(step.status);
    const width = cli.stderr.columns ?? 80;
    const rest = [stepLabel(step), ...this.#details(step)].join("  ");
    return `${paint(colour, padTo(text, 13))}${cutTo(printable(rest), Math.max(20, width - 14))}`;
  }

  #plainLine(step: Step): string {
    const at = dateOf(step.finishedAt) ?? dateOf(step.startedAt) ?? dateOf(step.createdAt);
    const { plain = "" } = stepStatus(step.status);
    const parts = [at?.toISOString() ?? "", plain, stepLabel(step), ...this.#details(step)];
    return parts.map(printable).join("\t");
  }

  #details(step: Step): readonly string[] {
    const now = this.#session.output.cli.now();
    const took = stepTook(step, now);
    const due = dateOf(step.dueAt);
    const dueText = this.#isLive && due !== undefined ? relativeText(due, now) : due?.toISOString();
    return [
      ...(stepKind(step.kind) === "step" ? [] : [stepKind(step.kind)]),
      ...(step.attemptNumber > 1 ? [`attempt ${step.attemptNumber}`] : []),
      ...(isOver(step) && took !== undefined ? [spanText(took)] : []),
      ...(!isOver(step) && dueText !== undefined ? [dueText] : []),
      ...(step.childRunId === undefined ? [] : [`run ${step.childRunId}`]),
      ...(step.error === undefined || step.status === StepStatus.COMPLETED ? [] : [errorLine(step.error)]),
    ];
  }
}

function isOver({ status }: Step): boolean {
  return status === StepStatus.COMPLETED || status === StepStatus.FAILED;
}
