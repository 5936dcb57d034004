import type { Command } from "commander";
import type { Client, Namespace } from "kagzi";
import { type ClientFlags, answer, withClient } from "./client.ts";

type Flags = ClientFlags & { readonly description?: string };
type Ask = (namespaces: Client["namespaces"], name: string, description: string) => Promise<Namespace>;

const DESCRIPTION = ["--description <text>", "what it is for"] as const;

/** The commands about namespaces. */
export function addNamespace(kagzi: Command): void {
  const namespace = kagzi.command("namespace").description("look after namespaces");
  withClient(namespace.command("list"))
    .description("list all namespaces, by name")
    .action((flags: Flags) => answer(flags, all, { text: asTable, json: asJson }));
  add(namespace.command("get").description("show a namespace"), (namespaces, name) => namespaces.get(name));
  add(
    namespace
      .command("create")
      .description("make a namespace")
      .option(...DESCRIPTION),
    (namespaces, name, description) => namespaces.create(name, { description }),
  );
  add(
    namespace
      .command("update")
      .description("describe a namespace anew")
      .requiredOption(...DESCRIPTION),
    (namespaces, name, description) => namespaces.update(name, { description }),
  );
  add(
    namespace.command("disable").description("start nothing new in it; what runs goes on to its end"),
    (namespaces, name) => namespaces.disable(name),
  );
  add(namespace.command("enable").description("let runs start in it again"), (namespaces, name) =>
    namespaces.enable(name),
  );
}

/** A command about one namespace, which answers with how it is then. */
function add(command: Command, ask: Ask): void {
  withClient(command.argument("<name>")).action((name: string, flags: Flags) =>
    answer(flags, async (client) => ask(client.namespaces, name, flags.description ?? ""), {
      text: (found) => asTable([found]),
      json: asJson,
    }),
  );
}

async function all({ namespaces }: Client): Promise<readonly Namespace[]> {
  const found: Namespace[] = [];
  for await (const namespace of namespaces.list()) found.push(namespace);
  return found;
}

function asTable(namespaces: readonly Namespace[]): string {
  const width = Math.max(...namespaces.map(({ name }) => name.length)) + 2;
  const lines = namespaces.map(({ description, enabled, name }) =>
    `${name.padEnd(width)}${(enabled ? "enabled" : "disabled").padEnd(10)}${description}`.trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function asJson(found: Namespace | readonly Namespace[]): string {
  return `${JSON.stringify(found, undefined, 2)}\n`;
}
