import { type Connections, type Instant, KagziError } from "@kagzi/core";
import {
  Client,
  type ClientBase,
  type ClientConfig,
  type CustomTypesConfig,
  Pool,
  type PoolClient,
  type QueryResultRow,
  types,
} from "pg";
import { type Element, arrayLiteral } from "./array-literal.ts";
import { isReadOnly, isRefusal, isTransient, translateError } from "./errors.ts";
import { Growth } from "./growth.ts";
import { Hosts } from "./hosts.ts";
import { beginOn, isPooled, setUp } from "./session.ts";

/** A statement that each connection prepares once; over a pooler, with each use. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What may be bound to a statement. Bytes go over in binary, all else as text. */
export type Value = string | number | boolean | Uint8Array | null | readonly Element[];

/** Runs statements: within a transaction, or each in one of its own. */
export interface Runner {
  run<Row extends QueryResultRow>(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>;
}

/** How to reach a database, and how it is used. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; several hosts, with commas between, are one primary and its standbys. */
  readonly url: string;
  /** Default `kagzi`. */
  readonly schema?: string;
  /** Connections at most, beside the one that listens and the one that keeps leases. Default 10. */
  readonly poolSize?: number;
  /** Instead of the database's clock: for tests. */
  readonly clock?: () => Instant;
}

const CONNECT_MS = 5000;
const TRIES = 6;
const DEFAULT_SCHEMA = "kagzi";

/** A pool of connections to one schema, with the statements' errors turned into ours. */
export class Database implements Runner {
  /** The schema's name, quoted. */
  readonly schema: string;
  readonly growth: Growth;
  readonly #pool: Pool;
  readonly #options: PostgresOptions;
  readonly #hosts: Hosts;
  /** To which of the hosts each connection leads. */
  readonly #hostOf = new WeakMap<ClientBase, string>();

  /** `growth`: that of another pool to the same database. */
  constructor(options: PostgresOptions, growth?: Growth) {
    this.#options = options;
    this.schema = quoteSchema(options.schema ?? DEFAULT_SCHEMA);
    this.#hosts = new Hosts(options.url);
    const newClient = () => this.#newPooledClient();
    this.#pool = new Pool({
      // What the pool calls with `new` for each connection that it makes.
      Client: function PooledClient() {
        return newClient();
      } as unknown as new () => Client,
      connectionTimeoutMillis: CONNECT_MS,
      max: options.poolSize ?? 10,
      idleTimeoutMillis: 60_000,
      onConnect: (client): unknown => this.#begin(client),
    });
    // Without a listener an idle connection that the server closes would end the process.
    this.#pool.on("error", () => {});
    this.growth = growth ?? new Growth(this.#pool, options.schema ?? DEFAULT_SCHEMA);
  }

  /** The first parameter of statements that need the time: the injected clock's, or NULL for the database's own. */
  now(): string | null {
    return this.#options.clock === undefined ? null : new Date(this.#options.clock()).toISOString();
  }

  /** Runs a statement as a transaction of its own, again if it lost to another one. */
  async run<Row extends QueryResultRow>(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    const runOn = (runner: Runner) => runner.run<Row>(statement, values);
    return this.#again(() =>
      this.#use((client) => (isPooled(client) ? transact(client, runOn) : runOn(runnerOn(client)))),
    );
  }

  /** Runs `work` in one transaction, again if it lost to another one; undone if its result is not to be kept. */
  async transaction<Result>(
    work: (runner: Runner) => Promise<Result>,
    keep: (result: Result) => boolean = () => true,
  ): Promise<Result> {
    return this.#again(() => this.#use((client) => transact(client, work, keep)));
  }

  /** A connection outside of the pool, which the caller ends. A patient one waits for an answer for as long as it takes. */
  async connect({ isPatient = false }: { readonly isPatient?: boolean } = {}): Promise<Client> {
    return this.#anyHost(async () => {
      const client = this.#newClient(isPatient ? { query_timeout: 0 } : {});
      try {
        await client.connect();
        await this.#begin(client);
        return client;
      } catch (error) {
        this.#failed(client);
        void client.end().catch(ignore);
        throw translateError(error);
      }
    });
  }

  connections(): Connections {
    const { idleCount, totalCount, waitingCount } = this.#pool;
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  /** Runs `work` on a connection of the pool, which is used again if nothing worse than a refused statement came of it. */
  async #use<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#anyHost(() => this.#checkOut());
    let isBroken = false;
    try {
      const renewed = isPooled(client) ? undefined : this.growth.renew(client);
      if (renewed !== undefined) await renewed;
      return await work(client);
    } catch (error) {
      isBroken = !isRefusal(error);
      if (isReadOnly(error)) this.#failed(client);
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  /** A connection of the pool. Those to a host that cannot serve any more are closed, and not waited for. */
  async #checkOut(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      if (this.#hostOf.get(client) === this.#hosts.current) return client;
      client.release(true);
    }
  }

  /** Tries each host once, until one serves. */
  async #anyHost<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const host = this.#hosts.current;
      try {
        return await work();
      } catch (error) {
        if (tries >= this.#hosts.count || host === this.#hosts.current) throw error;
      }
    }
  }

  #newClient(change: ClientConfig = {}): Client {
    const host = this.#hosts.current;
    const client = new Client({ ...connection(host), ...change });
    this.#hostOf.set(client, host);
    // The pool listens only while a connection is idle, and we could only once we were told that it is ours: a database
    // that ends together with its last answer would end this process in between.
    client.on("error", ignore);
    return client;
  }

  /** As the pool connects it: the next try goes to another host before anybody hears that this one failed. */
  #newPooledClient(): Client {
    const client = this.#newClient();
    const connect = client.connect.bind(client) as (then: (error: Error | null, client: Client) => void) => void;
    const connectOrFail = (then: (error: Error | null, client: Client) => void) =>
      connect((error) => {
        if (error) this.#failed(client);
        then(error, client);
      });
    return Object.assign(client, { connect: connectOrFail });
  }

  /** What is waited for before a connection is used. */
  async #begin(client: ClientBase): Promise<void> {
    if (!(await setUp(client))) return;
    this.#failed(client);
    throw new KagziError("UNAVAILABLE", "the database is a standby, or read-only: it is not written to");
  }

  #failed(client: ClientBase): void {
    const host = this.#hostOf.get(client);
    if (host !== undefined) this.#hosts.failed(host);
  }

  async #again<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error) || tries === TRIES) throw translateError(error);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** tries));
      }
    }
  }
}

function ignore(): void {}

async function transact<Result>(
  client: PoolClient,
  work: (runner: Runner) => Promise<Result>,
  keep: (result: Result) => boolean = () => true,
): Promise<Result> {
  await client.query(beginOn(client));
  try {
    const result = await work(runnerOn(client));
    await client.query(keep(result) ? "COMMIT" : "ROLLBACK");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function runnerOn(client: PoolClient): Runner {
  const isNamed = !isPooled(client);
  return {
    async run<Row extends QueryResultRow>({ name, text }: Statement, values: readonly Value[]) {
      const result = await client.query<Row>({ ...(isNamed && { name }), text, values: bind(values) });
      return result.rows;
    },
  };
}

function bind(values: readonly Value[]): unknown[] {
  return values.map((value) => {
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return isArray(value) ? arrayLiteral(value) : value;
  });
}

function isArray(value: Value): value is readonly Element[] {
  return Array.isArray(value);
}

function connection(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: "kagzi",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: 15_000,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  };
}

// Times are whole milliseconds and counts far from 2^53: numbers hold both exactly.
const parserOf: CustomTypesConfig["getTypeParser"] = (oid, format) => {
  if (oid === types.builtins.TIMESTAMPTZ) return parseInstant;
  if (oid === types.builtins.INT8) return Number;
  return types.getTypeParser(oid, format);
};

/** Rows of a batch have the time of their statement in common. */
const lastParsed = { text: "", instant: 0 };

/** Sessions run in UTC: `2030-01-01 00:00:00.123+00`. */
function parseInstant(text: string): Instant {
  if (text !== lastParsed.text) {
    lastParsed.instant = Date.parse(`${text.slice(0, 10)}T${text.slice(11)}:00`);
    lastParsed.text = text;
  }
  return lastParsed.instant;
}

export function quoteSchema(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `a schema cannot be called ${JSON.stringify(name)}: take a-z, 0-9 and "_", no digit first, at most 63`,
    );
  }
  return `"${name}"`;
}
