import { PostgresStore } from "@kagzi/store-postgres";
import { type PgBouncer, createPgBouncer } from "@kagzi/test-support";
import { Client } from "pg";
import { deadlocksOf } from "./deadlocks.ts";
import { HeldCommits } from "./held-commits.ts";

/** A store, and the same one over connections whose commits can be held. */
export class Race {
  readonly schema: string;
  readonly store: PostgresStore;
  /** Through a pooler each call is a transaction with a COMMIT that can be held. */
  readonly held: PostgresStore;
  readonly commits: HeldCommits;
  readonly monitor: Client;
  readonly #bouncer: PgBouncer;
  readonly #begun: number;

  private constructor(schema: string, { bouncer, begun, held, monitor, store }: Parts) {
    this.schema = schema;
    this.store = store;
    this.held = held;
    this.monitor = monitor;
    this.commits = new HeldCommits(Number(new URL(bouncer.url).port));
    this.#bouncer = bouncer;
    this.#begun = begun;
  }

  static async open({ clock, schema, url }: Options): Promise<Race> {
    const bouncer = await createPgBouncer(url);
    const options = { schema, clock: () => clock.now, poolSize: 3 };
    const held = new PostgresStore({ ...options, url: bouncer.url });
    const store = new PostgresStore({ ...options, url });
    await store.migrate();
    const monitor = new Client({ connectionString: url });
    await monitor.connect();
    return new Race(schema, { bouncer, held, store, monitor, begun: await deadlocksOf(monitor) });
  }

  /** How many there were since. */
  async deadlocks(): Promise<number> {
    return (await deadlocksOf(this.monitor)) - this.#begun;
  }

  async close(): Promise<void> {
    this.commits.restore();
    await Promise.all([this.held.close(), this.store.close(), this.monitor.end()]);
    await this.#bouncer.remove();
  }
}

interface Options {
  readonly url: string;
  readonly schema: string;
  readonly clock: { readonly now: number };
}

interface Parts {
  readonly bouncer: PgBouncer;
  readonly begun: number;
  readonly held: PostgresStore;
  readonly store: PostgresStore;
  readonly monitor: Client;
}

/** Resolves when a call was answered, or so many wait for a lock of PostgreSQL. Answers with how many do. */
export async function settledOrWaiting(call: Promise<unknown>, monitor: Client, least: number): Promise<number> {
  let isSettled = false;
  const settle = () => (isSettled = true);
  call.then(settle, settle);
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) return least - 1;
    const { rowCount } = await monitor.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name = 'kagzi'",
    );
    if ((rowCount ?? 0) >= least) return least;
  }
}
