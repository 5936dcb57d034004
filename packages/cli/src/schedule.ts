import { toJson } from "@bufbuild/protobuf";
import { KagziError } from "@kagzi/core";
import { WorkflowScheduleSchema } from "@kagzi/proto";
import type { Command } from "commander";
import type { ScheduleOverlapPolicy, ScheduleTiming } from "kagzi";
import { group, withExamples } from "./examples.ts";
import { type InputFlags, readInput, withInput } from "./input.ts";
import { hint, said, showList, showRecord, timeCell } from "./output.ts";
import { type PageFlags, listSome, withPages } from "./pages.ts";
import { getSchedule, scheduleRecord, schedulesView } from "./schedule-view.ts";
import { sayOrWait, waitingOf, withWait } from "./run-start.ts";
import { type ServerFlags, type Session, inNamespace, inSession, showFound } from "./session.ts";
import { wholeNumber } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

interface RuleFlags extends InputFlags {
  readonly cron?: string;
  readonly every?: string;
  readonly at?: string;
  readonly timezone?: string;
  readonly overlap?: string;
  readonly maxCatchup?: string;
  readonly version?: string;
}

const OVERLAPS: readonly ScheduleOverlapPolicy[] = ["skip", "allow", "buffer-one"];

/** The commands about schedules. */
export function addSchedule(kagzi: Command, cli: Surroundings): void {
  const schedule = group(kagzi, "schedule", "start runs at times");
  addList(schedule, cli);
  addShow(schedule, cli);
  addCreate(schedule, cli);
  addUpdate(schedule, cli);
  addSwitches(schedule, cli);
  addTrigger(schedule, cli);
  addDelete(schedule, cli);
  addNext(schedule, cli);
}

function addList(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(withPages(schedule.command("list")))
    .description("list schedules, by id")
    .option("-w, --workflow <name>", "of this workflow");
  withExamples(command, "kagzi schedule list", "kagzi schedule list --workflow report -o json").action(
    (flags: ServerFlags & PageFlags & { readonly workflow?: string }) =>
      inSession(cli, flags, async (session) => {
        const { ask, connection, namespaceId, output } = session;
        const filter = { namespaceId, ...(flags.workflow !== undefined && { workflowType: flags.workflow }) };
        const { next, rows } = await listSome(flags, async (page) => {
          const request = { ...filter, page };
          const answer = await ask((options) => connection.schedules.listWorkflowSchedules(request, options));
          return [answer.schedules, answer.page];
        });
        await showFound(session, rows, schedulesView(output));
        if (next !== undefined) hint(output, `there are more: --limit shows more of them, --cursor ${next} goes on`);
      }),
  );
}

function addShow(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(schedule.command("show <schedule>")).description("show a schedule");
  withExamples(command, "kagzi schedule show nightly", "kagzi schedule show nightly -o json").action(
    (id: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) =>
        showRecord(session.output, scheduleRecord(session.output, await getSchedule(session, id))),
      ),
  );
}

/** A command that is given the rules of a schedule. */
function withRules(command: Command): Command {
  return withInput(command, "the input of its runs")
    .option("--cron <expression>", "five fields, or @hourly, @daily, @weekly, @monthly, @yearly")
    .option("--every <duration>", "instead: so often, counted from 1970-01-01T00:00:00Z")
    .option("--at <time>", "instead: once, at 2030-01-31T09:00:00Z")
    .option("--timezone <name>", "an IANA name, by whose wall clock --cron counts (default: UTC)")
    .option("--overlap <what>", `${OVERLAPS.join(", ")}: of a fire while the run before it goes on (default: skip)`)
    .option("--max-catchup <number>", "how many missed fires are made up for (default: 1)")
    .option("--version <version>", "of the workflow, instead of the one that new runs take");
}

function addCreate(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(withRules(schedule.command("create <schedule>")))
    .description("make a schedule")
    .requiredOption("-w, --workflow <name>", "whose runs it starts")
    .option("--paused", "it fires when it is resumed");
  withExamples(
    command,
    "kagzi schedule create daily --workflow report --cron '0 6 * * *' --timezone Europe/Paris",
    `kagzi schedule create often --workflow hello --every 15m -i '{"name": "Ada"}'`,
  ).action((id: string, flags: ServerFlags & RuleFlags & { readonly workflow: string; readonly paused?: true }) =>
    inSession(cli, flags, async (session) => {
      const input = await readInput(cli, flags);
      const timing = timingOf(flags);
      if (timing === undefined) throw new KagziError("INVALID_ARGUMENT", "when? give --cron, --every or --at");
      await session.client.schedules.create(id, {
        ...timing,
        ...rulesOf(flags),
        workflow: flags.workflow,
        ...(input !== undefined && { input }),
        ...(flags.paused === true && { enabled: false }),
      });
      await saySchedule(session, id, "made");
    }),
  );
}

function addUpdate(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(withRules(schedule.command("update <schedule>"))).description(
    "change a schedule; what is not given stays",
  );
  withExamples(
    command,
    "kagzi schedule update nightly --cron '30 5 * * *'",
    "kagzi schedule update nightly --overlap allow --max-catchup 7",
  ).action((id: string, flags: ServerFlags & RuleFlags) =>
    inSession(cli, flags, async (session) => {
      const input = await readInput(cli, flags);
      const change = {
        ...(timingOf(flags) ?? timezoneOf(flags)),
        ...rulesOf(flags),
        ...(input !== undefined && { input }),
      };
      if (Object.keys(change).length === 0) {
        throw new KagziError("INVALID_ARGUMENT", `what is to be changed of schedule ${id}? --help says what can be`);
      }
      await session.client.schedules.update(id, change);
      await saySchedule(session, id, "changed");
    }),
  );
}

/** @throws KagziError `INVALID_ARGUMENT` for more than one timing, or a time that is none */
function timingOf({ at, cron, every, timezone }: RuleFlags): ScheduleTiming | undefined {
  if ([at, cron, every].filter((each) => each !== undefined).length > 1) {
    throw new KagziError("INVALID_ARGUMENT", "a schedule has one of --cron, --every and --at, not several");
  }
  if (timezone !== undefined && (at !== undefined || every !== undefined)) {
    throw new KagziError("INVALID_ARGUMENT", "--timezone goes with --cron alone");
  }
  if (cron !== undefined) return { cron, ...(timezone !== undefined && { timezone }) };
  if (every !== undefined) return { every: every };
  return at === undefined ? undefined : { at: dateGiven(at) };
}

function dateGiven(text: string): Date {
  const at = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/u.test(text) && !Number.isNaN(at.getTime())) return at;
  const example = "give a time like 2030-01-31T09:00:00Z";
  throw new KagziError("INVALID_ARGUMENT", `--at cannot be ${JSON.stringify(text)}: ${example}`);
}

function timezoneOf({ timezone }: RuleFlags): { readonly timezone?: string } {
  return timezone === undefined ? {} : { timezone };
}

function rulesOf({ maxCatchup, overlap, version }: RuleFlags) {
  const known = OVERLAPS.find((each) => each === overlap);
  if (overlap !== undefined && known === undefined) {
    const shown = JSON.stringify(overlap);
    throw new KagziError("INVALID_ARGUMENT", `--overlap must be ${OVERLAPS.join(", ")}, not ${shown}`);
  }
  return {
    ...(known !== undefined && { overlap: known }),
    ...(maxCatchup !== undefined && { maxCatchup: wholeNumber("--max-catchup", maxCatchup, 0, 1000) }),
    ...(version !== undefined && { version }),
  };
}

function addSwitches(schedule: Command, cli: Surroundings): void {
  const pause = inNamespace(schedule.command("pause <schedule>")).description(
    "it neither fires nor accumulates what it would have fired",
  );
  withExamples(pause, "kagzi schedule pause nightly", "kagzi schedule pause nightly -o json").action(
    (id: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        await session.client.schedules.pause(id);
        await saySchedule(session, id, "paused");
      }),
  );
  const resume = inNamespace(schedule.command("resume <schedule>")).description(
    "it goes on from now: what it would have fired meanwhile is not made up for",
  );
  withExamples(resume, "kagzi schedule resume nightly", "kagzi schedule resume nightly -o json").action(
    (id: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        await session.client.schedules.resume(id);
        await saySchedule(session, id, "resumed");
      }),
  );
}

async function saySchedule(session: Session, id: string, done: string): Promise<void> {
  const { output } = session;
  const found = await getSchedule(session, id);
  const record = scheduleRecord(output, found);
  const next = record.nextFireAt === undefined ? "" : `; it fires next at ${record.nextFireAt.toISOString()}`;
  said(output, `${done} schedule ${id}${next}`, record);
}

function addTrigger(schedule: Command, cli: Surroundings): void {
  const command = withWait(inNamespace(schedule.command("trigger <schedule>"))).description(
    "start a run now, whatever the schedule says",
  );
  withExamples(command, "kagzi schedule trigger nightly", "kagzi schedule trigger nightly --follow").action(
    (id: string, flags: ServerFlags & { wait?: true; follow?: true; timeout?: string }) =>
      inSession(cli, flags, async (session) => {
        const waiting = waitingOf(flags);
        const run = await session.client.schedules.trigger(id);
        await sayOrWait(session, run.id, `started run ${run.id} of schedule ${id}`, waiting);
      }),
  );
}

function addDelete(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(schedule.command("delete <schedule>")).description("delete a schedule; its runs stay");
  withExamples(command, "kagzi schedule delete nightly", "kagzi schedule delete nightly -o json").action(
    (id: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        const gone = await getSchedule(session, id);
        await session.client.schedules.delete(id);
        said(session.output, `deleted schedule ${id}`, { json: toJson(WorkflowScheduleSchema, gone), id });
      }),
  );
}

function addNext(schedule: Command, cli: Surroundings): void {
  const command = inNamespace(schedule.command("next [schedule]"))
    .description("print the next times of a schedule, or of one that may be made")
    .option("--count <number>", "1 to 100 (default: 10)")
    .option("--cron <expression>", "instead of a schedule that is there")
    .option("--every <duration>", "the same")
    .option("--at <time>", "the same")
    .option("--timezone <name>", "for --cron (default: UTC)");
  withExamples(
    command,
    "kagzi schedule next nightly --count 3",
    "kagzi schedule next --cron '30 6 * * MON-FRI' --timezone Asia/Kolkata",
  ).action((id: string | undefined, flags: ServerFlags & RuleFlags & { readonly count?: string }) =>
    inSession(cli, flags, async ({ client, output }) => {
      const about = id ?? timingOf(flags);
      if (about === undefined || (id !== undefined && (timingOf(flags) ?? flags.timezone) !== undefined)) {
        const ways = "give the id of a schedule, or one of --cron, --every and --at";
        throw new KagziError("INVALID_ARGUMENT", `the next times of what? ${ways}`);
      }
      const count = wholeNumber("--count", flags.count ?? "10", 1, 100);
      showList(output, await client.schedules.preview(about, count), {
        columns: [
          { title: "TIME", cell: (at) => at.toISOString() },
          ...(output.isTerminal ? [{ title: "", cell: (at: Date) => timeCell(output, at) }] : []),
        ],
        json: (at) => at.toISOString(),
        id: (at) => at.toISOString(),
        none: "it never fires again",
      });
    }),
  );
}
