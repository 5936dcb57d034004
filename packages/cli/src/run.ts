import { toJson } from "@bufbuild/protobuf";
import { ExplainWorkflowResponseSchema } from "@kagzi/proto";
import type { Command } from "commander";
import { group, withExamples, withNote } from "./examples.ts";
import { explanationFields } from "./explanation.ts";
import { RUN_NOTE, findRun } from "./find-run.ts";
import { type InputFlags, readInput, withInput } from "./input.ts";
import { json, said, showRecord, write } from "./output.ts";
import { addRunList } from "./run-list.ts";
import { addRunShow } from "./run-show.ts";
import { addRunStart, addRunWaits, sayOrWait, waitingOf, withWait } from "./run-start.ts";
import { addRunVerbs } from "./run-verbs.ts";
import { newEventId } from "./event.ts";
import { type ServerFlags, inNamespace, inSession } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

type RerunFlags = ServerFlags &
  InputFlags & {
    readonly fromStep?: string;
    readonly id?: string;
    readonly wait?: true;
    readonly follow?: true;
    readonly timeout?: string;
  };

/** The commands about runs. */
export function addRun(kagzi: Command, cli: Surroundings): void {
  const run = group(kagzi, "run", "start, look at and steer runs");
  addRunStart(run, cli);
  addRunList(run, cli);
  addRunShow(run, cli);
  addRunWaits(run, cli);
  addExplain(run, cli);
  addRunVerbs(run, cli);
  addRerun(run, cli);
  addSend(run, cli);
  addExport(run, cli);
}

function addExplain(run: Command, cli: Surroundings): void {
  const command = inNamespace(run.command("explain <run>")).description(
    "say in what state a run is, why it is not moving, and what to do about it",
  );
  withExamples(
    withNote(command, RUN_NOTE),
    "kagzi run explain latest",
    "kagzi run explain latest:order -o json",
  ).action((text: string, flags: ServerFlags) =>
    inSession(cli, flags, async (session) => {
      const { ask, connection, namespaceId, output } = session;
      const runId = await findRun(session, text);
      const answer = await ask((options) => connection.workflows.explainWorkflow({ namespaceId, runId }, options));
      const asJson = toJson(ExplainWorkflowResponseSchema, answer);
      showRecord(output, { fields: explanationFields(answer), json: asJson, id: runId });
    }),
  );
}

function addRerun(run: Command, cli: Surroundings): void {
  const command = inNamespace(withInput(run.command("rerun <run>"), "the input, instead of that of the first run"))
    .description("start a new run with the input of another one, and with what that one had completed before a step")
    .option("--from-step <step>", "the first step that is run anew: charge, or charge#2; without, all are")
    .option("--id <key>", "the idempotency key of the new run");
  withExamples(
    withNote(withWait(command), RUN_NOTE),
    "kagzi run rerun latest:hello --follow",
    "kagzi run rerun latest:report --from-step load",
  ).action((text: string, flags: RerunFlags) =>
    inSession(cli, flags, async (session) => {
      const waiting = waitingOf(flags);
      const input = await readInput(cli, flags);
      const runId = await findRun(session, text);
      const made = await session.client.runs.rerun(runId, {
        ...(flags.fromStep !== undefined && { fromStep: flags.fromStep }),
        ...(input !== undefined && { input }),
        ...(flags.id !== undefined && { id: flags.id }),
      });
      await sayOrWait(session, made.id, `started run ${made.id}, a rerun of ${runId}`, waiting);
    }),
  );
}

function addSend(run: Command, cli: Surroundings): void {
  const command = inNamespace(withInput(run.command("send <run> <event>"), "the payload"))
    .description("send an event to one run")
    .option("--id <id>", "of the event: with the same one it is sent once")
    .option("--key <key>", "what a wait may ask for beside the name");
  withExamples(
    withNote(command, RUN_NOTE),
    "kagzi run send latest:order approved",
    `kagzi run send latest:order approved -i '{"by": "Ada"}' --id approval-1`,
  ).action((text: string, event: string, flags: ServerFlags & InputFlags & { id?: string; key?: string }) =>
    inSession(cli, flags, async (session) => {
      const { id = newEventId(), key } = flags;
      const payload = await readInput(cli, flags);
      const runId = await findRun(session, text);
      await session.client.run(runId).send(event, payload, { id, ...(key !== undefined && { key }) });
      said(session.output, `sent event ${event} with id ${id} to run ${runId}`, { json: { eventId: id }, id });
    }),
  );
}

function addExport(run: Command, cli: Surroundings): void {
  const command = inNamespace(run.command("export <run>")).description(
    "print the whole history of a run as JSON, for replayHistory",
  );
  withExamples(
    withNote(command, RUN_NOTE),
    "kagzi run export latest > run.json",
    "kagzi run export latest:hello",
  ).action((text: string, flags: ServerFlags) =>
    inSession(cli, flags, async (session) =>
      write(cli, json(await session.client.runs.history(await findRun(session, text)))),
    ),
  );
}
