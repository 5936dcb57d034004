import { type ApiKey as StoredKey, LOCAL, type Store, checkNamespaceId, checkRole } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { ApiKeys, systemEnv } from "@kagzi/server";
import type { Command } from "commander";
import { type ApiKey, type ApiKeysClient, durationMs } from "kagzi";
import { type ClientFlags, answer, checkOutput, withClient } from "./client.ts";

interface Flags extends ClientFlags {
  readonly name?: string;
  readonly role?: string;
  readonly allNamespaces?: boolean;
  readonly expires?: string;
  readonly db?: string;
  readonly schema?: string;
}

type Created = ApiKey & { readonly key: string };

/** The commands about keys. */
export function addApiKey(kagzi: Command): void {
  const apikey = kagzi.command("apikey").description("look after the keys by which callers say who they are");
  withPlace(apikey.command("create"))
    .description("make a key, and print it: it cannot be shown again")
    .requiredOption("--name <text>", "whose it is, for people")
    .requiredOption("--role <role>", "admin, client, worker or read-only")
    .option("--expires <duration>", "90d, 12h …; default: it is good until it is revoked")
    .addHelpText(
      "after",
      "\nThe first key is made with the database, as there is none yet to call a server with:\n" +
        "  kagzi apikey create --db postgres://user@host/database --name ops --role admin --all-namespaces\n" +
        "\nFurther ones by a server:\n  kagzi apikey create --name billing --role worker --namespace production --expires 90d",
    )
    .action((flags: Flags) => run(flags, create, { text: ({ key }) => `${key}\n`, json: asJson }));
  withPlace(apikey.command("list"))
    .description("list keys, the newest first, also those that are not good any more")
    .action((flags: Flags) => run(flags, list, { text: asTable, json: asJson }));
  withPlace(apikey.command("revoke <id>"))
    .description("end a key for ever; servers notice within seconds")
    .action((id: string, flags: Flags) =>
      run(flags, (keys) => keys.revoke(id), { text: (key) => asTable([key]), json: asJson }),
    );
}

function withPlace(command: Command): Command {
  return withClient(command)
    .option(
      "--namespace <name>",
      "which namespace; default KAGZI_NAMESPACE",
      process.env["KAGZI_NAMESPACE"] ?? "default",
    )
    .option("--all-namespaces", "all namespaces instead")
    .option(
      "--db <url>",
      "the database itself, instead of a server: postgres://… or sqlite:file (with no server on it)",
    )
    .option("--schema <name>", "with --db: the schema in PostgreSQL; default KAGZI_DB_SCHEMA, else kagzi");
}

/** What can be done with keys, over a server or by hand. */
interface Keys {
  create(wanted: { readonly name: string; readonly role: string; readonly expiresIn?: string }): Promise<Created>;
  list(): Promise<readonly ApiKey[]>;
  revoke(id: string): Promise<ApiKey>;
}

function create(keys: Keys, { expires, name = "", role = "" }: Flags): Promise<Created> {
  return keys.create({ name, role, ...(expires !== undefined && { expiresIn: expires }) });
}

function list(keys: Keys): Promise<readonly ApiKey[]> {
  return keys.list();
}

async function run<Answer>(
  flags: Flags,
  ask: (keys: Keys, flags: Flags) => Promise<Answer>,
  write: Readonly<Record<"text" | "json", (found: Answer) => string>>,
): Promise<void> {
  if (flags.db === undefined) return answer(flags, (client) => ask(overServer(client.apiKeys, flags), flags), write);
  const output = checkOutput(flags.output);
  const schema = flags.schema ?? process.env["KAGZI_DB_SCHEMA"];
  const store = await openStore(flags.db, { ...(schema !== undefined && { schema }) });
  try {
    await store.migrate();
    process.stdout.write(write[output](await ask(overStore(store, flags), flags)));
  } finally {
    await store.close();
  }
}

function overServer(keys: ApiKeysClient, { allNamespaces = false }: Flags): Keys {
  return {
    create: ({ expiresIn, name, role }) =>
      keys.create({
        name,
        role: checkRole(role),
        allNamespaces,
        ...(expiresIn !== undefined && { expiresIn }),
      }),
    async list() {
      const found: ApiKey[] = [];
      for await (const key of keys.list({ allNamespaces })) found.push(key);
      return found;
    },
    revoke: (id) => keys.revoke(id),
  };
}

function overStore(store: Store, { allNamespaces = false, namespace = "" }: Flags): Keys {
  const keys = new ApiKeys({ store, env: systemEnv() });
  const where = allNamespaces ? {} : { namespaceId: checkNamespaceId(namespace) };
  return {
    async create({ expiresIn, name, role }) {
      const expires = expiresIn === undefined ? {} : { expiresInMs: durationMs(expiresIn, "--expires") };
      const { apiKey, key } = await keys.create({ name, role: checkRole(role), ...where, ...expires }, LOCAL);
      return { ...toApiKey(apiKey), key };
    },
    async list() {
      const found: ApiKey[] = [];
      for (let token: string | undefined = ""; token !== undefined;) {
        const page: Awaited<ReturnType<ApiKeys["list"]>> = await keys.list(where, { size: 0, token, withTotal: false });
        found.push(...page.items.map(toApiKey));
        token = page.next === "" ? undefined : page.next;
      }
      return found;
    },
    async revoke(id) {
      return toApiKey(await keys.revoke(id, LOCAL));
    },
  };
}

function toApiKey({ createdAt, expiresAt, keyId, lastUsedAt, name, namespaceId, revokedAt, role }: StoredKey): ApiKey {
  return {
    id: keyId,
    name,
    role,
    ...(namespaceId !== undefined && { namespace: namespaceId }),
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    ...(revokedAt !== undefined && { revokedAt: new Date(revokedAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: new Date(lastUsedAt) }),
  };
}

const HEAD = ["ID", "ROLE", "NAMESPACE", "NAME", "CREATED", "LAST USED", "STATE"];

function asTable(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.id,
    key.role,
    key.namespace ?? "(all)",
    key.name,
    key.createdAt.toISOString(),
    key.lastUsedAt?.toISOString() ?? "never",
    stateOf(key),
  ]);
  return table([HEAD, ...rows]);
}

function stateOf({ expiresAt, revokedAt }: ApiKey): string {
  if (revokedAt !== undefined) return `revoked ${revokedAt.toISOString()}`;
  if (expiresAt === undefined) return "good";
  return `${expiresAt.getTime() <= Date.now() ? "expired" : "good until"} ${expiresAt.toISOString()}`;
}

/** Columns as wide as what is in them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function asJson(found: object): string {
  return `${JSON.stringify(found, undefined, 2)}\n`;
}
