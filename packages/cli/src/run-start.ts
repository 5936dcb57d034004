import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import { durationMs } from "kagzi";
import { withExamples, withNote } from "./examples.ts";
import { RUN_NOTE, findRun } from "./find-run.ts";
import { type Waiting, showEnd, waitForEnd } from "./follow.ts";
import { type InputFlags, readInput, withInput } from "./input.ts";
import { hint, note, said } from "./output.ts";
import { getRun } from "./run-show.ts";
import { runJson, runLink } from "./runs.ts";
import { type ServerFlags, type Session, inNamespace, inSession } from "./session.ts";
import { wholeNumber } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

interface WaitFlags {
  readonly wait?: true;
  readonly follow?: true;
  readonly timeout?: string;
}

interface StartFlags extends ServerFlags, InputFlags, WaitFlags {
  readonly id?: string;
  readonly delay?: string;
  readonly priority?: string;
  readonly retries?: string;
  readonly runTimeout?: string;
  readonly version?: string;
}

/** `kagzi run start` */
export function addRunStart(run: Command, cli: Surroundings): void {
  const command = inNamespace(withInput(run.command("start <workflow>"), "the input"))
    .description("start a run")
    .option("--id <key>", "its idempotency key: with the same one and the same input it is started once")
    .option("--delay <duration>", "not before this long from now")
    .option("--priority <number>", "-100 to 100; a higher one goes first")
    .option("--retries <number>", "how often the run itself is tried again when its function throws")
    .option("--run-timeout <duration>", "it fails if it has not ended so long after it began")
    .option("--version <version>", "of the workflow, instead of the one that new runs take");
  withExamples(
    withWait(command),
    `kagzi run start hello -i '{"name": "Ada"}' --follow`,
    "kagzi run start order -P customer=c-1 -P amount:=25 --id order-123",
  ).action((workflow: string, flags: StartFlags) =>
    inSession(cli, flags, async (session) => {
      const waiting = waitingOf(flags);
      const input = await readInput(cli, flags);
      const handle = await session.client.start(workflow, input, startOptions(flags));
      const { alreadyExists, id } = handle;
      const sentence = alreadyExists
        ? `run ${id} of workflow ${workflow} was started with id ${flags.id ?? ""} before; nothing was started`
        : `started run ${id} of workflow ${workflow}`;
      await sayOrWait(session, id, sentence, waiting);
    }),
  );
}

/** Says that a run is there, or waits for its end if that was asked for. */
export async function sayOrWait(
  session: Session,
  runId: string,
  sentence: string,
  waiting: Waiting | undefined,
): Promise<void> {
  const { output } = session;
  if (waiting === undefined) {
    const json = output.format === "table" || output.format === "id" ? {} : runJson(await getRun(session, runId));
    said(output, sentence, { json, id: runId });
    return hint(output, runLink(session, runId));
  }
  note(output, sentence);
  showEnd(session, await waitForEnd(session, runId, waiting));
}

/** A command that may wait for the end of a run. */
export function withWait(command: Command): Command {
  return command
    .option("--wait", "wait for its end and print its output; the exit code says how it ended")
    .option("--follow", "the same, and show its steps as they happen")
    .option("--timeout <duration>", "how long to wait at most; the run goes on");
}

/** @throws KagziError `INVALID_ARGUMENT` for a timeout without a wait, or one that is none */
export function waitingOf({ follow, timeout, wait }: WaitFlags): Waiting | undefined {
  if (wait === true || follow === true) return { isFollowed: follow === true, timeout: timeoutOf(timeout) };
  if (timeout === undefined) return undefined;
  throw new KagziError("INVALID_ARGUMENT", "--timeout is how long --wait or --follow takes: give one of them");
}

function timeoutOf(text: string | undefined): Waiting["timeout"] {
  return text === undefined ? undefined : { ms: durationMs(text, "--timeout"), text };
}

function startOptions({ delay, id, priority, retries, runTimeout, version }: StartFlags) {
  return {
    ...(id !== undefined && { id }),
    ...(delay !== undefined && { delay: delay }),
    ...(priority !== undefined && { priority: wholeNumber("--priority", priority, -100, 100) }),
    ...(retries !== undefined && { retries: wholeNumber("--retries", retries, 0, 1_000_000) }),
    ...(runTimeout !== undefined && { timeout: runTimeout }),
    ...(version !== undefined && { version }),
  };
}

/** `kagzi run follow` and `kagzi run result` */
export function addRunWaits(run: Command, cli: Surroundings): void {
  const follow = addWait(run.command("follow <run>"), cli, true);
  follow.description("show the steps of a run as they happen, then its output; Ctrl-C leaves it running");
  withExamples(follow, "kagzi run follow latest", "kagzi run follow latest:hello -o jsonl --timeout 1m");
  const result = addWait(run.command("result <run>"), cli, false);
  result.description("wait for the end of a run and print its output, and nothing else");
  withExamples(result, "kagzi run result latest", "kagzi run result latest:hello --timeout 30s");
}

function addWait(command: Command, cli: Surroundings, isFollowed: boolean): Command {
  return withNote(inNamespace(command), RUN_NOTE)
    .option("--timeout <duration>", "how long to wait at most; the run goes on")
    .action((text: string, flags: ServerFlags & WaitFlags) =>
      inSession(cli, flags, async (session) => {
        const timeout = timeoutOf(flags.timeout);
        const runId = await findRun(session, text);
        showEnd(session, await waitForEnd(session, runId, { isFollowed, timeout }));
      }),
    );
}
