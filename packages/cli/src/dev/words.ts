import { styleText } from "node:util";
import type { RunInfo, RunStatus } from "kagzi";
import type { ShownWorkflow } from "./messages.ts";

const DEFAULT_URL = "http://127.0.0.1:50051";

/** Where things are. */
export interface Places {
  readonly url: string;
  /** For people. */
  readonly database: string;
}

/** The first words of `kagzi dev`. */
export function greeting({ database, url }: Places): string {
  return `
  dashboard  ${url}/
  API        ${url} (gRPC, gRPC-web, Connect and JSON)
  database   ${database}

`;
}

/** What there is, and how to start it. */
export function workflowWords(workflows: readonly ShownWorkflow[], url: string): string {
  const width = Math.max(...workflows.map(({ name, version }) => name.length + version.length + 1)) + 2;
  const lines = workflows.map(({ file, name, version }) => `  ${`${name}@${version}`.padEnd(width)}${file}`);
  const where = url === DEFAULT_URL ? "" : ` --url ${url}`;
  return `workflows:
${lines.join("\n")}

Start one:  npx kagzi run start ${workflows[0]?.name ?? ""} -i '{"name":"Ada"}' --follow${where}

`;
}

const GLYPHS: Readonly<Record<RunStatus, string>> = {
  pending: "·",
  running: "▶",
  sleeping: "z",
  waiting: "…",
  paused: "‖",
  completed: "✓",
  failed: "✗",
  cancelled: "⊘",
};

const COLOURS: Readonly<Partial<Record<RunStatus, "green" | "red" | "yellow">>> = {
  completed: "green",
  failed: "red",
  cancelled: "yellow",
  paused: "yellow",
};

/** What has become of a run, in a line. On a terminal its id leads to the dashboard. */
export function runLine(run: RunInfo, place: { readonly url: string; readonly isTerminal: boolean }): string {
  const { error, finishedAt, id, namespace, startedAt, status, workflow } = run;
  const glyph = `${GLYPHS[status]} ${status.padEnd(9)}`;
  const colour = place.isTerminal ? COLOURS[status] : undefined;
  const took =
    finishedAt === undefined || startedAt === undefined
      ? []
      : [`in ${seconds(finishedAt.getTime() - startedAt.getTime())}`];
  const why = error === undefined ? [] : [`${error.code}: ${error.message}`];
  const page = `${place.url}/${namespace}/runs/${id}`;
  return [
    new Date().toTimeString().slice(0, 8),
    colour === undefined ? glyph : styleText(colour, glyph),
    workflow,
    place.isTerminal ? link(id, page) : id,
    ...(run.attempt > 1 ? [`attempt ${run.attempt}`] : []),
    ...took,
    ...why,
  ]
    .join("  ")
    .concat("\n");
}

/** A length of time, for people. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** As terminals know it (OSC 8); those that do not show the text. */
function link(text: string, url: string): string {
  return `\u001B]8;;${url}\u001B\\${text}\u001B]8;;\u001B\\`;
}
