import { KagziError } from "@kagzi/core";
import { type Workflow, WorkflowStatus } from "@kagzi/proto";
import type { Command } from "commander";
import { durationMs } from "kagzi";
import { areMany, confirm } from "./confirm.ts";
import { exitCodeOf } from "./exit-code.ts";
import { withExamples, withNote } from "./examples.ts";
import { RUN_NOTE, findRun } from "./find-run.ts";
import { hint, json, note, said, write } from "./output.ts";
import { everything } from "./pages.ts";
import { type RunFilter, type RunFilterFlags, runFilter, runJson, runLink, withRunFilter } from "./runs.ts";
import { type ServerFlags, type Session, inNamespace, inSession, refuseMissingNamespace } from "./session.ts";
import { runWord } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";

type VerbFlags = ServerFlags &
  RunFilterFlags & { readonly all?: true; readonly yes?: true; readonly reason?: string; readonly grace?: string };

/** What can be done to runs, one by one or to all that a filter lets through. */
export interface Verb {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly [string, string];
  /** Runs in other states are not meant by a filter. */
  readonly statuses: readonly WorkflowStatus[];
  readonly options?: (command: Command) => Command;
  /** Does it to one. Answers with the run as it is then; without, it is there no more. */
  readonly act: (session: Session, runId: string, flags: VerbFlags) => Promise<Workflow | undefined>;
  /** What was done, for people. */
  readonly sentence: (runId: string, run: Workflow | undefined) => string;
}

const { PENDING, RUNNING, SLEEPING, WAITING, PAUSED, COMPLETED, FAILED, CANCELLED } = WorkflowStatus;
const MOVING = [PENDING, RUNNING, SLEEPING, WAITING];
/** Calls under way at once. */
const AT_ONCE = 8;

const withReason = (command: Command) => command.option("--reason <text>", "why; it is kept with the run");

export const VERBS: readonly Verb[] = [
  {
    name: "cancel",
    description: "ask runs to clean up and end",
    examples: ["kagzi run cancel latest:order --reason 'customer called'", "kagzi run cancel -w order --since 1h -y"],
    statuses: [...MOVING, PAUSED],
    options: (command) =>
      withReason(command).option("--grace <duration>", "how long their code may clean up (default: 1m, at most 1h)"),
    act: async ({ ask, connection, namespaceId }, runId, { grace, reason = "" }) => {
      const graceMs = grace === undefined ? undefined : BigInt(durationMs(grace, "--grace"));
      const request = { namespaceId, runId, reason, ...(graceMs !== undefined && { graceMs }) };
      const { workflow } = await ask((options) => connection.workflows.cancelWorkflow(request, options));
      return stopped(runId, workflow, "cancelled");
    },
    sentence: (runId, run) =>
      run?.status === CANCELLED ? `cancelled run ${runId}` : `asked run ${runId} to end; its code may clean up first`,
  },
  {
    name: "terminate",
    description: "end runs at once, without letting them clean up",
    examples: ["kagzi run terminate latest:order", "kagzi run terminate --status paused --workflow order -y"],
    statuses: [...MOVING, PAUSED],
    options: withReason,
    act: async ({ ask, connection, namespaceId }, runId, { reason = "" }) => {
      const request = { namespaceId, runId, reason };
      const { workflow } = await ask((options) => connection.workflows.terminateWorkflow(request, options));
      return stopped(runId, workflow, "terminated");
    },
    sentence: (runId) => `terminated run ${runId}`,
  },
  {
    name: "pause",
    description: "stop runs where they are, after the steps that are running",
    examples: ["kagzi run pause latest:order --reason 'payments are down'", "kagzi run pause --workflow order -y"],
    statuses: MOVING,
    options: withReason,
    act: async ({ ask, connection, namespaceId }, runId, { reason = "" }) => {
      const request = { namespaceId, runId, reason };
      return (await ask((options) => connection.workflows.pauseWorkflow(request, options))).workflow;
    },
    sentence: (runId, run) =>
      run?.status === PAUSED ? `paused run ${runId}` : `run ${runId} is paused after the steps that are running`,
  },
  {
    name: "resume",
    description: "let paused runs go on",
    examples: ["kagzi run resume latest:order", "kagzi run resume --workflow order -y"],
    statuses: [PAUSED],
    act: async ({ ask, connection, namespaceId }, runId) =>
      (await ask((options) => connection.workflows.resumeWorkflow({ namespaceId, runId }, options))).workflow,
    sentence: (runId) => `resumed run ${runId}`,
  },
  {
    name: "retry",
    description: "give failed runs another attempt: what completed is kept, what failed is done again",
    examples: ["kagzi run retry latest:report", "kagzi run retry --workflow report --since 1d -y"],
    statuses: [FAILED],
    act: async ({ ask, connection, namespaceId }, runId) =>
      (await ask((options) => connection.workflows.retryWorkflow({ namespaceId, runId }, options))).workflow,
    sentence: (runId) => `run ${runId} begins another attempt`,
  },
  {
    name: "delete",
    description: "remove runs that have ended, with all that is known of them",
    examples: ["kagzi run delete latest:hello", "kagzi run delete --status completed --workflow hello -y"],
    statuses: [COMPLETED, FAILED, CANCELLED],
    act: async ({ ask, connection, namespaceId }, runId) => {
      await ask((options) => connection.workflows.deleteWorkflow({ namespaceId, runId }, options));
      return undefined;
    },
    sentence: (runId) => `deleted run ${runId}`,
  },
];

/** @throws KagziError `PRECONDITION_FAILED` for a run that had ended in another way */
function stopped(runId: string, run: Workflow | undefined, done: string): Workflow | undefined {
  if (run === undefined || (run.status !== COMPLETED && run.status !== FAILED)) return run;
  throw new KagziError(
    "PRECONDITION_FAILED",
    `run ${runId} had ${runWord(run.status)} before it could be ${done}: it stays as it is`,
    { subject: "run", subjectId: runId },
  );
}

/** The commands that do something to runs. */
export function addRunVerbs(run: Command, cli: Surroundings): void {
  for (const verb of VERBS) {
    const command = inNamespace(withRunFilter(run.command(`${verb.name} [runs...]`))).description(verb.description);
    command
      .option("--all", "all of them, where no filter is given")
      .option("-y, --yes", "do not ask whether those that the filter lets through are meant");
    verb.options?.(command);
    withExamples(withNote(command, RUN_NOTE), ...verb.examples).action((texts: readonly string[], flags: VerbFlags) =>
      inSession(cli, flags, async (session) => {
        if (texts.length > 0) await actOnNamed(session, verb, texts, flags);
        else await actOnMatching(session, verb, flags);
      }),
    );
  }
}

async function actOnNamed(session: Session, verb: Verb, texts: readonly string[], flags: VerbFlags): Promise<void> {
  if (isFiltered(flags)) {
    throw new KagziError("INVALID_ARGUMENT", `kagzi run ${verb.name} takes runs or a filter, not both`);
  }
  const runIds = await Promise.all(texts.map((text) => findRun(session, text)));
  const [only] = runIds;
  if (only === undefined || runIds.length > 1) return actOnAll(session, verb, runIds, flags);
  const run = await verb.act(session, only, flags);
  said(session.output, verb.sentence(only, run), { json: jsonOf(only, run), id: only });
  if (run !== undefined) hint(session.output, runLink(session, only));
}

async function actOnMatching(session: Session, verb: Verb, flags: VerbFlags): Promise<void> {
  const { output, signal } = session;
  if (!isFiltered(flags)) {
    const named = `kagzi run ${verb.name} RUN`;
    throw new KagziError("INVALID_ARGUMENT", `which runs? ${named} names one; a filter or --all means several`);
  }
  const filter = await runFilter(session, { ...flags, status: statusesFor(verb, flags) });
  const [count, isMore] = await countRuns(session, filter);
  if (count === 0) {
    await refuseMissingNamespace(session);
    return note(output, "no runs match");
  }
  const deed = {
    verb: verb.name,
    what: count === 1 ? "run" : "runs",
    count: isMore ? `${count} or more` : String(count),
    isMany: areMany(count),
    isAgreed: flags.yes === true,
  };
  if (await confirm(output, signal, deed)) await actOnAll(session, verb, idsOf(session, filter), flags);
}

function isFiltered({ all, parent, since, status, until, workflow }: VerbFlags): boolean {
  return [all, parent, since, status, until, workflow].some((each) => each !== undefined);
}

/** @throws KagziError `INVALID_ARGUMENT` for a status in which it cannot be done */
function statusesFor({ name, statuses }: Verb, { status }: VerbFlags): readonly WorkflowStatus[] {
  const other = status?.find((each) => !statuses.includes(each));
  if (other === undefined) return status ?? statuses;
  const known = statuses.map(runWord).join(", ");
  throw new KagziError("INVALID_ARGUMENT", `kagzi run ${name} is for runs that are ${known}, not ${runWord(other)}`);
}

/** How many runs there are, and whether there may be more than were counted. */
async function countRuns({ ask, connection }: Session, filter: RunFilter): Promise<readonly [number, boolean]> {
  const request = { ...filter, page: { pageSize: 1, includeTotalCount: true } };
  const { page } = await ask((options) => connection.workflows.listWorkflows(request, options));
  const count = Number(page?.totalCount ?? 0n);
  return [count, count >= 10_000];
}

async function* idsOf({ ask, connection }: Session, filter: RunFilter): AsyncGenerator<string> {
  const found = everything<Workflow>(async (page) => {
    const answer = await ask((options) => connection.workflows.listWorkflows({ ...filter, page }, options));
    return [answer.workflows, answer.page];
  });
  for await (const { runId } of found) yield runId;
}

/** Does it to each of them, a few at once. One that fails is told of, and the others go on. */
async function actOnAll(
  session: Session,
  verb: Verb,
  runIds: Iterable<string> | AsyncIterable<string>,
  flags: VerbFlags,
): Promise<void> {
  const { output } = session;
  const { cli, format } = output;
  const done: ReturnType<typeof jsonOf>[] = [];
  const actOn = async (runId: string) => {
    try {
      const run = await verb.act(session, runId, flags);
      if (format === "json") done.push(jsonOf(runId, run));
      else said(output, verb.sentence(runId, run), { json: jsonOf(runId, run), id: runId });
    } catch (error) {
      if (session.signal.aborted) throw error;
      note(output, `kagzi: ${error instanceof Error ? error.message : String(error)}`);
      cli.exit(exitCodeOf(error));
    }
  };
  const ids = (async function* () {
    yield* runIds;
  })();
  const lane = async () => {
    for await (const runId of ids) await actOn(runId);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (format === "json") write(cli, json(done));
}

function jsonOf(runId: string, run: Workflow | undefined) {
  return run === undefined ? { runId } : runJson(run);
}
