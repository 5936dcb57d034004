import type { Argument, Command, Option } from "commander";
import { call, systemRuntime } from "kagzi/wire";
import { type ContextFlags, SETTINGS, WRITTEN, readContext, readUserConfig } from "./context.ts";
import { FORMATS } from "./output.ts";
import { checkReachable } from "./reach.ts";
import { openConnection } from "./session.ts";
import { runWord } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { printable } from "./terminal.ts";

/** What may stand at a place, with a word about it. */
type Candidate = readonly [value: string, about?: string];

/** Nobody who presses a key waits longer for a server. */
const PATIENCE_MS = 1000;
const NEWEST_RUNS = 30;
const MOST = 200;

/** What may follow the words that were typed, of which the last one may be a beginning: a line for each. */
export async function complete(kagzi: Command, cli: Surroundings, words: readonly string[]): Promise<string> {
  const begun = words.at(-1) ?? "";
  const candidates = await candidatesFor(place(kagzi, words.slice(0, -1)), cli, begun);
  return candidates
    .filter(([value]) => value.startsWith(begun))
    .map(([value, about = ""]) => `${value}\t${printable(about)}\n`)
    .join("");
}

/** Where the last word stands. */
interface Place {
  readonly command: Command;
  /** The option whose value is asked for. */
  readonly option: Option | undefined;
  readonly argument: Argument | undefined;
  readonly flags: ContextFlags;
}

function place(kagzi: Command, words: readonly string[]): Place {
  let command = kagzi;
  let option: Option | undefined;
  let count = 0;
  const flags: Record<string, string> = {};
  for (const word of words) {
    if (option !== undefined) {
      flags[option.attributeName()] = word;
      option = undefined;
    } else if (word.startsWith("-")) {
      const found = command.options.find(({ long, short }) => long === word || short === word);
      option = found?.required === true ? found : undefined;
    } else {
      const next = count === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next === undefined) count += 1;
      else command = next;
    }
  }
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[count] ?? (last?.variadic === true ? last : undefined);
  return { command, option, argument, flags };
}

async function candidatesFor(at: Place, cli: Surroundings, begun: string): Promise<readonly Candidate[]> {
  const { argument, command, option } = at;
  if (option !== undefined) return valuesOf(option.attributeName(), at, cli);
  if (begun.startsWith("-")) {
    return [...command.options.map(({ description, long }): Candidate => [long ?? "", description]), ["--help"]];
  }
  const below = command.commands
    .filter((each) => !each.name().startsWith("__"))
    .map((each): Candidate => [each.name(), each.description()]);
  if (argument === undefined) return below;
  const choices = argument.argChoices?.map((each): Candidate => [each]);
  return [...below, ...(choices ?? (await valuesOf(argument.name(), at, cli)))];
}

async function valuesOf(name: string, { command, flags }: Place, cli: Surroundings): Promise<readonly Candidate[]> {
  const fixed = FIXED[name]?.(cli);
  if (fixed !== undefined) return fixed.map((each): Candidate => [each]);
  const kind = name === "name" && command.parent?.name() === "namespace" ? "namespace" : name;
  const ask = ASKED[kind];
  return ask === undefined ? [] : asked(cli, flags, ask);
}

const FIXED: Readonly<Record<string, (cli: Surroundings) => readonly string[]>> = {
  output: () => FORMATS,
  profile: (cli) => Object.keys(readUserConfig(cli).profiles),
  setting: () => SETTINGS.map((each) => WRITTEN[each]),
  status: () => ["pending", "running", "sleeping", "waiting", "paused", "completed", "failed", "cancelled"],
  overlap: () => ["skip", "allow", "buffer-one"],
  logLevel: () => ["debug", "info", "warn", "error", "silent"],
};

type Ask = (context: {
  readonly connection: ReturnType<typeof openConnection>;
  readonly namespaceId: string;
  readonly options: { readonly signal?: AbortSignal };
}) => Promise<readonly Candidate[]>;

const ASKED: Readonly<Record<string, Ask>> = { run: runs, runs, parent: runs, workflow, schedule, worker, namespace };

/** Asks a server, if there is one that answers soon. */
async function asked(cli: Surroundings, flags: ContextFlags, ask: Ask): Promise<readonly Candidate[]> {
  try {
    const context = readContext(cli, flags);
    await checkReachable(context.url.value, PATIENCE_MS);
    const connection = openConnection(context);
    try {
      const namespaceId = context.namespace.value;
      const settings = { runtime: systemRuntime, patienceMs: 0, timeoutMs: PATIENCE_MS };
      return await call(settings, (options) => ask({ connection, namespaceId, options }));
    } finally {
      await connection.close();
    }
  } catch {
    // There is nobody to tell: the line that is being typed stays as it is.
    return [];
  }
}

async function runs({ connection, namespaceId, options }: Parameters<Ask>[0]): Promise<readonly Candidate[]> {
  const request = { namespaceId, page: { pageSize: NEWEST_RUNS } };
  const { workflows } = await connection.workflows.listWorkflows(request, options);
  const found = workflows.map(({ runId, status, workflowType }): Candidate => [
    runId,
    `${workflowType}, ${runWord(status)}`,
  ]);
  return [["latest", "the newest run"], ...found];
}

async function workflow({ connection, namespaceId, options }: Parameters<Ask>[0]): Promise<readonly Candidate[]> {
  const { workers } = await connection.admin.listWorkers({ namespaceId, page: { pageSize: MOST } }, options);
  const names = workers.flatMap(({ workflows }) => workflows.map(({ workflowType }) => workflowType));
  return [...new Set(names)].map((each): Candidate => [each]);
}

async function schedule({ connection, namespaceId, options }: Parameters<Ask>[0]): Promise<readonly Candidate[]> {
  const request = { namespaceId, page: { pageSize: MOST } };
  const { schedules } = await connection.schedules.listWorkflowSchedules(request, options);
  return schedules.map(({ scheduleId, workflowType }): Candidate => [scheduleId, workflowType]);
}

async function worker({ connection, namespaceId, options }: Parameters<Ask>[0]): Promise<readonly Candidate[]> {
  const { workers } = await connection.admin.listWorkers({ namespaceId, page: { pageSize: MOST } }, options);
  return workers.map(({ hostname, pid, workerId }): Candidate => [workerId, `${hostname}:${pid}`]);
}

async function namespace({ connection, options }: Parameters<Ask>[0]): Promise<readonly Candidate[]> {
  const { namespaces } = await connection.namespaces.listNamespaces({ page: { pageSize: MOST } }, options);
  return namespaces.map(({ description, namespaceId }): Candidate => [namespaceId, description]);
}
