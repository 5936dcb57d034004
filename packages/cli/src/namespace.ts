import { toJson } from "@bufbuild/protobuf";
import { KagziError } from "@kagzi/core";
import { type Namespace, NamespaceSchema } from "@kagzi/proto";
import type { Command } from "commander";
import { durationMs } from "kagzi";
import type { CallOptions, Connection } from "kagzi/wire";
import { group, withExamples } from "./examples.ts";
import { type ListView, type Output, type RecordView, said, showList, showRecord, timeCell } from "./output.ts";
import { listAll } from "./pages.ts";
import { type ServerFlags, type Session, inSession, withServer } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Cell } from "./table.ts";
import { dateOf, spanText } from "./times.ts";

type Flags = ServerFlags & { readonly description?: string; readonly retention?: string };
type Answer = { readonly namespace?: Namespace | undefined };
type Make = (
  connection: Connection,
  request: { readonly namespaceId: string; readonly description?: string; readonly retention?: string },
  options: CallOptions,
) => Promise<Answer>;

const DESCRIPTION = ["--description <text>", "what it is for"] as const;

/** The commands about namespaces. */
export function addNamespace(kagzi: Command, cli: Surroundings): void {
  const namespace = group(kagzi, "namespace", "look after namespaces");
  addList(namespace, cli);
  const show = withServer(namespace.command("show <name>")).description("show a namespace");
  withExamples(show, "kagzi namespace show default", "kagzi namespace show default -o json").action(
    (name: string, flags: Flags) =>
      inSession(cli, flags, async (session) => {
        const found = await asked(session, name, flags, ({ namespaces }, request, options) =>
          namespaces.getNamespace(request, options),
        );
        showRecord(session.output, recordOf(session.output, found));
      }),
  );
  addChanges(namespace, cli);
}

function addList(namespace: Command, cli: Surroundings): void {
  const list = withServer(namespace.command("list")).description("list all namespaces, by name");
  withExamples(list, "kagzi namespace list", "kagzi namespace list -o id").action((flags: Flags) =>
    inSession(cli, flags, async ({ ask, connection, output }) => {
      const all = await listAll<Namespace>(async (page) => {
        const answer = await ask((options) => connection.namespaces.listNamespaces({ page }, options));
        return [answer.namespaces, answer.page];
      });
      showList(output, all, namespacesView(output));
    }),
  );
}

function addChanges(namespace: Command, cli: Surroundings): void {
  const add = (command: Command, done: string, make: Make): Command =>
    withServer(command).action((name: string, flags: Flags) =>
      inSession(cli, flags, async (session) => {
        const found = await asked(session, name, flags, make);
        said(session.output, `${done} namespace ${name}`, recordOf(session.output, found));
      }),
    );
  withExamples(
    add(
      namespace
        .command("create <name>")
        .description("make a namespace")
        .option(...DESCRIPTION),
      "made",
      ({ namespaces }, { description = "", namespaceId }, options) =>
        namespaces.createNamespace({ namespaceId, description }, options),
    ),
    "kagzi namespace create staging",
    "kagzi namespace create team-a --description 'the A team'",
  );
  withExamples(
    add(
      namespace
        .command("update <name>")
        .description("describe a namespace anew, or say how long its runs are kept")
        .option(...DESCRIPTION)
        .option(
          "--retention <duration>",
          "how long runs are kept after their end; off: for ever; server: as the server says",
        ),
      "changed",
      ({ namespaces }, request, options) => namespaces.updateNamespace(changeOf(request), options),
    ),
    "kagzi namespace update default --description 'everything else'",
    "kagzi namespace update default --retention 90d",
    "kagzi namespace update default --description 'ours' -o json",
  );
  withExamples(
    add(
      namespace.command("disable <name>").description("start nothing new in it; what runs goes on to its end"),
      "disabled",
      ({ namespaces }, { namespaceId }, options) => namespaces.disableNamespace({ namespaceId }, options),
    ),
    "kagzi namespace disable default",
    "kagzi namespace disable default -o json",
  );
  withExamples(
    add(
      namespace.command("enable <name>").description("let runs start in it again"),
      "enabled",
      ({ namespaces }, { namespaceId }, options) => namespaces.enableNamespace({ namespaceId }, options),
    ),
    "kagzi namespace enable default",
    "kagzi namespace enable default -o json",
  );
}

async function asked({ ask, connection }: Session, name: string, flags: Flags, make: Make): Promise<Namespace> {
  const { description, retention } = flags;
  const request = {
    namespaceId: name,
    ...(description !== undefined && { description }),
    ...(retention !== undefined && { retention }),
  };
  const { namespace } = await ask((options) => make(connection, request, options));
  if (namespace === undefined) throw new Error(`the server's answer says nothing of namespace ${name}`);
  return namespace;
}

/** @throws KagziError `INVALID_ARGUMENT` where there is nothing to change, and for what is no duration */
function changeOf({ description, namespaceId, retention }: Parameters<Make>[1]) {
  if (description === undefined && retention === undefined) {
    throw new KagziError("INVALID_ARGUMENT", "what is to change? give --description or --retention");
  }
  return {
    namespaceId,
    ...(description !== undefined && { description }),
    ...(retention !== undefined && { retention: retentionOf(retention) }),
  };
}

function retentionOf(text: string) {
  if (text === "server") return { case: "serverRetention", value: true } as const;
  const ms = text === "off" ? 0 : durationMs(text, "the retention");
  return { case: "retentionMs", value: BigInt(ms) } as const;
}

function retentionCell({ retentionMs }: Namespace): string {
  if (retentionMs === undefined) return "as the server says";
  return retentionMs === 0n ? "for ever" : spanText(Number(retentionMs));
}

function state({ enabled }: Namespace): Cell {
  return enabled
    ? { text: "● enabled", plain: "enabled", colour: "green" }
    : { text: "○ disabled", plain: "disabled", colour: "yellow" };
}

function namespacesView(output: Output): ListView<Namespace> {
  return {
    columns: [
      { title: "NAMESPACE", cell: ({ namespaceId }) => namespaceId },
      { title: "STATE", cell: state },
      { title: "CREATED", cell: ({ createdAt }) => timeCell(output, dateOf(createdAt)), narrow: 1 },
      { title: "DESCRIPTION", cell: ({ description }) => description, narrow: "cut" },
    ],
    json: (namespace) => toJson(NamespaceSchema, namespace),
    id: ({ namespaceId }) => namespaceId,
    none: "no namespaces",
  };
}

function recordOf(output: Output, namespace: Namespace): RecordView {
  return {
    fields: [
      ["namespace", namespace.namespaceId],
      ["state", state(namespace)],
      ["description", namespace.description === "" ? undefined : namespace.description],
      ["retention", retentionCell(namespace)],
      ["created", timeCell(output, dateOf(namespace.createdAt))],
      ["updated", timeCell(output, dateOf(namespace.updatedAt))],
    ],
    json: toJson(NamespaceSchema, namespace),
    id: namespace.namespaceId,
  };
}
