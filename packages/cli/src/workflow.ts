import { toJson } from "@bufbuild/protobuf";
import { KagziError, notFound } from "@kagzi/core";
import {
  type GetWorkflowLimitsResponse,
  GetWorkflowLimitsResponseSchema,
  type GetWorkflowVersionsResponse,
  GetWorkflowVersionsResponseSchema,
  WorkerStatus,
} from "@kagzi/proto";
import type { Command } from "commander";
import { group, withExamples } from "./examples.ts";
import { type LimitFlags, isChange, limitsGiven, limitsText, withLimits } from "./limits.ts";
import { type ListView, type Output, type RecordView, said, showRecord } from "./output.ts";
import { type ServerFlags, type Session, inNamespace, inSession, showFound } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Column, plainTable, wideTable } from "./table.ts";
import { workersOf } from "./worker.ts";

/** A workflow as its workers know it. */
interface KnownWorkflow {
  readonly workflowType: string;
  /** Those that its workers have. */
  readonly versions: readonly string[];
  readonly workersOnline: number;
}

/** The commands about workflows. */
export function addWorkflow(kagzi: Command, cli: Surroundings): void {
  const workflow = group(kagzi, "workflow", "look at workflows: their versions and limits");
  addList(workflow, cli);
  addShow(workflow, cli);
  addDefault(workflow, cli);
  addLimits(workflow, cli);
}

function addList(workflow: Command, cli: Surroundings): void {
  const command = inNamespace(workflow.command("list")).description("list the workflows that workers have");
  withExamples(command, "kagzi workflow list", "kagzi workflow list -o id").action((flags: ServerFlags) =>
    inSession(cli, flags, async (session) => showFound(session, await knownWorkflows(session), workflowsView())),
  );
}

/** By name. */
async function knownWorkflows(session: Session): Promise<readonly KnownWorkflow[]> {
  const found = new Map<string, { readonly versions: Set<string>; online: number }>();
  for (const worker of await workersOf(session, undefined)) {
    const names = new Set<string>();
    for (const { version, workflowType } of worker.workflows) {
      const known = found.get(workflowType) ?? { versions: new Set<string>(), online: 0 };
      known.versions.add(version);
      if (worker.status === WorkerStatus.ONLINE && !names.has(workflowType)) known.online += 1;
      names.add(workflowType);
      found.set(workflowType, known);
    }
  }
  return [...found]
    .map(([workflowType, { online, versions }]) => ({ workflowType, versions: [...versions], workersOnline: online }))
    .toSorted((a, b) => (a.workflowType < b.workflowType ? -1 : 1));
}

function workflowsView(): ListView<KnownWorkflow> {
  return {
    columns: [
      { title: "WORKFLOW", cell: ({ workflowType }) => workflowType },
      { title: "VERSIONS", cell: ({ versions }) => versions.join(", "), narrow: "cut" },
      { title: "WORKERS ONLINE", cell: ({ workersOnline }) => String(workersOnline), narrow: 1 },
    ],
    json: ({ versions, workersOnline, workflowType }) => ({ workflowType, versions: [...versions], workersOnline }),
    id: ({ workflowType }) => workflowType,
    none: "no workflows: no worker has registered any",
  };
}

function addShow(workflow: Command, cli: Surroundings): void {
  const command = inNamespace(workflow.command("show <workflow>")).description(
    "show a workflow: its versions, the one that new runs take, its workers and its limits",
  );
  withExamples(command, "kagzi workflow show hello", "kagzi workflow show hello -o json").action(
    (name: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        const versions = await versionsOf(session, name);
        const limits = await limitsOf(session, name);
        const workers = (await workersOf(session, WorkerStatus.ONLINE)).filter(({ workflows }) =>
          workflows.some(({ workflowType }) => workflowType === name),
        );
        const on = workers.flatMap(({ workflows }) =>
          workflows.filter(({ workflowType }) => workflowType === name).flatMap((each) => each.on),
        );
        showRecord(session.output, {
          fields: [
            ["workflow", name],
            ["versions", versions.versions.join(", ")],
            ["new runs take", newRunsTake(versions)],
            ["begins on", on.length === 0 ? undefined : [...new Set(on)].join(", ")],
            ["limits", limitsText(limits.override ?? limits.declared) ?? "no limits"],
            ["workers online", workers.map(({ workerId }) => workerId).join("\n") || "none"],
          ],
          json: {
            workflowType: name,
            ...(toJson(GetWorkflowVersionsResponseSchema, versions) as object),
            limits: toJson(GetWorkflowLimitsResponseSchema, limits),
            workerIds: workers.map(({ workerId }) => workerId),
          },
          id: name,
        });
      }),
  );
}

function newRunsTake({ defaultVersion, versions }: GetWorkflowVersionsResponse): string {
  return defaultVersion === undefined ? `${versions[0] ?? ""}, the highest` : `${defaultVersion}, as it was set`;
}

/** @throws KagziError `NOT_FOUND` for a workflow that no worker has ever registered */
async function versionsOf(session: Session, workflowType: string): Promise<GetWorkflowVersionsResponse> {
  const { ask, connection, namespaceId } = session;
  const request = { namespaceId, workflowType };
  const answer = await ask((options) => connection.admin.getWorkflowVersions(request, options));
  if (answer.versions.length > 0) return answer;
  throw notFound("workflow", workflowType, `no worker in namespace ${namespaceId} has ever registered it`);
}

function addDefault(workflow: Command, cli: Surroundings): void {
  const command = inNamespace(workflow.command("default <workflow> [version]"))
    .description("say which version new runs take; runs that are there stay on theirs")
    .option("--reset", "the highest, from now on");
  withExamples(command, "kagzi workflow default hello 1", "kagzi workflow default hello --reset").action(
    (name: string, version: string | undefined, flags: ServerFlags & { readonly reset?: true }) =>
      inSession(cli, flags, async (session) => {
        if ((version === undefined) === (flags.reset === undefined)) {
          const ways = `kagzi workflow default ${name} VERSION, or --reset`;
          throw new KagziError("INVALID_ARGUMENT", `which version are new runs of ${name} to take? ${ways}`);
        }
        await session.client.workflows.setDefaultVersion(name, version);
        const { ask, connection, namespaceId } = session;
        const request = { namespaceId, workflowType: name };
        const versions = await ask((options) => connection.admin.getWorkflowVersions(request, options));
        const asJson = toJson(GetWorkflowVersionsResponseSchema, versions);
        said(session.output, `new runs of ${name} take version ${newRunsTake(versions)}`, { json: asJson, id: name });
      }),
  );
}

function addLimits(workflow: Command, cli: Surroundings): void {
  const command = withLimits(inNamespace(workflow.command("limits <workflow>")))
    .description("show how the runs of a workflow are held back, or change it while it runs")
    .option("--key <field>", "for each value of this field of the input")
    .option("--none", "no limits");
  withExamples(
    command,
    "kagzi workflow limits hello",
    "kagzi workflow limits hello --concurrency 5 --throttle 10/1m",
  ).action((name: string, flags: ServerFlags & LimitFlags) =>
    inSession(cli, flags, async (session) => {
      if (isChange(flags)) await session.client.workflows.setLimits(name, limitsGiven(flags));
      else if (flags.key !== undefined) limitsGiven(flags);
      const answer = await limitsOf(session, name);
      const asJson = toJson(GetWorkflowLimitsResponseSchema, answer);
      if (!isChange(flags)) return showRecord(session.output, recordOf(session.output, name, answer));
      const now = limitsText(answer.override ?? answer.declared) ?? "no limits";
      const whose = answer.override === undefined ? ", as its code says" : "";
      said(session.output, `limits of workflow ${name}: ${now}${whose}`, { json: asJson, id: name });
    }),
  );
}

function limitsOf({ ask, connection, namespaceId }: Session, workflowType: string): Promise<GetWorkflowLimitsResponse> {
  return ask((options) => connection.admin.getWorkflowLimits({ namespaceId, workflowType }, options));
}

type Usage = GetWorkflowLimitsResponse["usage"][number];

function recordOf(output: Output, name: string, answer: GetWorkflowLimitsResponse): RecordView {
  const columns: readonly Column<Usage>[] = [
    { title: "KEY", cell: ({ key }) => key || "all runs", narrow: "cut" },
    { title: "RUNNING", cell: ({ running }) => String(running) },
    { title: "WAITING", cell: ({ waiting }) => String(waiting) },
  ];
  const width = Math.max(20, output.width - 14);
  const table = output.isTerminal
    ? wideTable(columns, answer.usage, { paint: (_, text) => text, width })
    : plainTable(columns, answer.usage);
  return {
    fields: [
      ["workflow", name],
      ["set", limitsText(answer.override)],
      ["in the code", limitsText(answer.declared) ?? "no limits"],
      ["usage", answer.usage.length === 0 ? "no run holds a place" : table.trimEnd()],
    ],
    json: toJson(GetWorkflowLimitsResponseSchema, answer),
    id: name,
  };
}
