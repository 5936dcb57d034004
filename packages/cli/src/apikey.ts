import { type ApiKey as StoredKey, LOCAL, type Store, checkNamespaceId, checkRole } from "@kagzi/core";
import type { Command } from "commander";
import { type ApiKey, type ApiKeysClient, durationMs } from "kagzi";
import { databaseOf, withDatabase, withStore } from "./db.ts";
import { group, withExamples, withNote } from "./examples.ts";
import { type ListView, type Output, createOutput, hint, said, showList, timeCell } from "./output.ts";
import { type ServerFlags, inNamespace, inSession } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

interface Flags extends ServerFlags {
  readonly name?: string;
  readonly role?: string;
  readonly allNamespaces?: boolean;
  readonly expires?: string;
  readonly db?: string;
  readonly schema?: string;
}

type Created = ApiKey & { readonly key: string };

/** What can be done with keys, by a server or by hand. */
interface Keys {
  create(wanted: { readonly name: string; readonly role: string; readonly expiresIn?: string }): Promise<Created>;
  list(): Promise<readonly ApiKey[]>;
  revoke(id: string): Promise<ApiKey>;
}

/** The commands about keys. */
export function addApiKey(kagzi: Command, cli: Surroundings): void {
  const apikey = group(kagzi, "apikey", "look after the keys by which callers say who they are");
  addCreate(apikey, cli);
  const list = withPlace(apikey.command("list")).description(
    "list keys, the newest first, also those that are not good any more; never the keys themselves",
  );
  withExamples(list, "kagzi apikey list", "kagzi apikey list --all-namespaces -o json").action((flags: Flags) =>
    withKeys(cli, flags, async (keys, output) => showList(output, await keys.list(), keysView(output))),
  );
  const revoke = withPlace(apikey.command("revoke <id>")).description("end a key for ever; servers notice in seconds");
  withExamples(revoke, "kagzi apikey revoke 0123456789abcdef", "kagzi apikey revoke 0123456789abcdef -o json").action(
    (id: string, flags: Flags) =>
      withKeys(cli, flags, async (keys, output) => {
        const key = await keys.revoke(id);
        said(output, `revoked key ${id} of ${key.name}`, { json: asJson(key), id });
      }),
  );
}

function addCreate(apikey: Command, cli: Surroundings): void {
  const command = withPlace(apikey.command("create"))
    .description("make a key, and print it: it cannot be shown again")
    .requiredOption("--name <text>", "whose it is, for people")
    .requiredOption("--role <role>", "admin, client, worker or read-only")
    .option("--expires <duration>", "90d, 12h …; default: it is good until it is revoked");
  withNote(
    command,
    "The first key is made with the database (--db), as there is none yet to call a server with. The key is all that goes to standard output.",
  );
  withExamples(
    command,
    "kagzi apikey create --db postgres://user@host/database --name ops --role admin --all-namespaces",
    "kagzi apikey create --name billing --role worker --namespace default --expires 90d",
  ).action(({ expires, name = "", role = "", ...flags }: Flags) =>
    withKeys(cli, flags, async (keys, output) => {
      const made = await keys.create({ name, role, ...(expires !== undefined && { expiresIn: expires }) });
      hint(output, `made key ${made.id}, for ${made.role}; it is not shown again`);
      said(output, made.key, { json: { ...asJson(made), key: made.key }, id: made.id });
    }),
  );
}

function withPlace(command: Command): Command {
  return withDatabase(inNamespace(command)).option("--all-namespaces", "all namespaces instead");
}

/** Over a server, or, where a database is named, in the database itself: with SQLite while no server has it. */
async function withKeys(
  cli: Surroundings,
  flags: Flags,
  work: (keys: Keys, output: Output) => Promise<void>,
): Promise<void> {
  if (flags.db === undefined) {
    return inSession(cli, flags, ({ client, output }) => work(overServer(client.apiKeys, flags), output));
  }
  const output = createOutput(cli, flags.output);
  await withStore(databaseOf(cli, flags), async (store) => {
    await store.migrate();
    const namespace = flags.namespace ?? cli.env["KAGZI_NAMESPACE"] ?? "default";
    await work(await overStore(store, flags.allNamespaces === true ? undefined : namespace), output);
  });
}

function overServer(keys: ApiKeysClient, { allNamespaces = false }: Flags): Keys {
  return {
    create: ({ expiresIn, name, role }) =>
      keys.create({ name, role: checkRole(role), allNamespaces, ...(expiresIn !== undefined && { expiresIn }) }),
    async list() {
      const found: ApiKey[] = [];
      for await (const key of keys.list({ allNamespaces })) found.push(key);
      return found;
    },
    revoke: (id) => keys.revoke(id),
  };
}

async function overStore(store: Store, namespace: string | undefined): Promise<Keys> {
  const { ApiKeys, systemEnv } = await import("@kagzi/server");
  const keys = new ApiKeys({ store, env: systemEnv() });
  const where = namespace === undefined ? {} : { namespaceId: checkNamespaceId(namespace) };
  return {
    async create({ expiresIn, name, role }) {
      const expires = expiresIn === undefined ? {} : { expiresInMs: durationMs(expiresIn, "--expires") };
      const { apiKey, key } = await keys.create({ name, role: checkRole(role), ...where, ...expires }, LOCAL);
      return { ...toApiKey(apiKey), key };
    },
    async list() {
      const found: ApiKey[] = [];
      for (let token: string | undefined = ""; token !== undefined;) {
        const page: Awaited<ReturnType<typeof keys.list>> = await keys.list(where, {
          size: 0,
          token,
          withTotal: false,
        });
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

function keysView(output: Output): ListView<ApiKey> {
  return {
    columns: [
      { title: "ID", cell: ({ id }) => id },
      { title: "ROLE", cell: ({ role }) => role },
      { title: "NAMESPACE", cell: ({ namespace }) => namespace ?? "(all)" },
      { title: "NAME", cell: ({ name }) => name, narrow: "cut" },
      { title: "CREATED", cell: ({ createdAt }) => timeCell(output, createdAt), narrow: 1 },
      { title: "LAST USED", cell: ({ lastUsedAt }) => timeCell(output, lastUsedAt) ?? { text: "never" }, narrow: 2 },
      { title: "STATE", cell: (key) => stateOf(key, output.cli.now()) },
    ],
    json: asJson,
    id: ({ id }) => id,
    none: "no keys; kagzi apikey create makes one",
  };
}

function stateOf({ expiresAt, revokedAt }: ApiKey, now: number): string {
  if (revokedAt !== undefined) return `revoked ${revokedAt.toISOString()}`;
  if (expiresAt === undefined) return "good";
  return `${expiresAt.getTime() <= now ? "expired" : "good until"} ${expiresAt.toISOString()}`;
}

function asJson({ createdAt, expiresAt, id, lastUsedAt, name, namespace, revokedAt, role }: ApiKey) {
  return {
    id,
    name,
    role,
    ...(namespace !== undefined && { namespace }),
    createdAt: createdAt.toISOString(),
    ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
    ...(lastUsedAt !== undefined && { lastUsedAt: lastUsedAt.toISOString() }),
    ...(revokedAt !== undefined && { revokedAt: revokedAt.toISOString() }),
  };
}
