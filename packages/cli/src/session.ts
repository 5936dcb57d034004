import { type Command, Option } from "commander";
import { notFound } from "@kagzi/core";
import { Client, isKagziError } from "kagzi";
import { type CallOptions, type Connection, call, connect, systemRuntime } from "kagzi/wire";
import { type Context, type ContextFlags, readContext } from "./context.ts";
import { FORMATS, type ListView, type Output, createOutput, showList } from "./output.ts";
import { checkReachable } from "./reach.ts";
import type { Surroundings } from "./surroundings.ts";

/** Options of the commands that speak to a server. */
export type ServerFlags = ContextFlags & { readonly output?: string };

/** A command at work: a server, a namespace, and where its answers go. */
export interface Session {
  readonly context: Context;
  readonly namespaceId: string;
  readonly connection: Connection;
  /** For what its requests are checked by; what is shown are the messages of the contract. */
  readonly client: Client;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Makes a call that may be made twice. @throws KagziError whatever the server says */
  readonly ask: <Answer>(make: (options: CallOptions) => Promise<Answer>) => Promise<Answer>;
}

/** A server that goes away in the middle of a command is waited for so long. */
const PATIENCE_MS = 5000;

/** Above the options that many commands have in common. */
export const COMMON = "Where to, and how it is shown:";

/** A command whose answer has a format. */
export function withOutput(command: Command): Command {
  return command.addOption(common("-o, --output <format>", `${FORMATS.join(", ")} (default: table)`));
}

/** A command that speaks to a server. */
export function withServer(command: Command): Command {
  return withOutput(command)
    .addOption(common("--url <url>", "the server (KAGZI_URL, default: http://localhost:50051)"))
    .addOption(common("--api-key <key>", "who asks (KAGZI_API_KEY)"))
    .addOption(common("--profile <name>", "of kagzi config (KAGZI_PROFILE)"));
}

/** A command about what is in one namespace. */
export function inNamespace(command: Command): Command {
  return withServer(command).addOption(
    common("-n, --namespace <name>", "the namespace (KAGZI_NAMESPACE, default: default)"),
  );
}

function common(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup(COMMON);
}

/**
 * Lets a command speak to its server.
 * @throws KagziError `UNAVAILABLE` where there is none; `INVALID_ARGUMENT`; whatever the command comes to
 */
export async function inSession(
  cli: Surroundings,
  flags: ServerFlags,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const context = readContext(cli, flags);
  const output = createOutput(cli, flags.output);
  await checkReachable(context.url.value);
  const connection = openConnection(context);
  const namespaceId = context.namespace.value;
  const signal = cli.interruption();
  const settings = { runtime: systemRuntime, signal, patienceMs: PATIENCE_MS };
  try {
    await work({
      context,
      namespaceId,
      connection,
      client: new Client({ connection, namespace: namespaceId }),
      output,
      signal,
      ask: (make) => call(settings, make),
    });
  } finally {
    await connection.close();
  }
}

/**
 * Shows what was found in a namespace. Where that is nothing, the namespace may not be there: a slip of the pen must not
 * look like an empty list.
 * @throws KagziError `NOT_FOUND`
 */
export async function showFound<Row>(session: Session, rows: readonly Row[], view: ListView<Row>): Promise<void> {
  if (rows.length === 0) await refuseMissingNamespace(session);
  showList(session.output, rows, view);
}

/** @throws KagziError `NOT_FOUND` */
export async function refuseMissingNamespace({ ask, connection, namespaceId }: Session): Promise<void> {
  try {
    await ask((options) => connection.namespaces.getNamespace({ namespaceId }, options));
  } catch (error) {
    if (!isKagziError(error) || error.code !== "NOT_FOUND") return;
    const advice = `kagzi namespace list shows those that are there, kagzi namespace create ${namespaceId} makes it`;
    throw notFound("namespace", namespaceId, advice);
  }
}

/** The connection that a context leads to. */
export function openConnection({ apiKey, url }: Context): Connection {
  return connect({ url: url.value, apiKey: apiKey?.value });
}
