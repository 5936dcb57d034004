import { Client } from "pg";

/** Statements by their names, with `:"schema"` for their schema. */
export type Statements = ReadonlyMap<string, string>;

/** As the store's own sessions are. */
const SESSION = "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off";

/** Notes every statement that goes to PostgreSQL from now on under a name. */
export function noteStatements(schemas: RegExp): Statements {
  const noted = new Map<string, string>();
  const { value: query } = Object.getOwnPropertyDescriptor(Client.prototype, "query") as {
    readonly value: (this: Client, ...args: unknown[]) => unknown;
  };
  const noting = function (this: Client, ...args: unknown[]): unknown {
    const { name, text } = (args[0] ?? {}) as { readonly name?: string; readonly text?: string };
    if (name !== undefined && text !== undefined) noted.set(name, text.replaceAll(schemas, ':"schema"'));
    return query.apply(this, args);
  };
  Client.prototype.query = noting as typeof Client.prototype.query;
  return noted;
}

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly Plan[];
}

/** A statement, and a table or an index of which it would read everything. */
export interface WholeRead {
  readonly statement: string;
  readonly what: string;
}

/** What statements would read whole, of the tables of a schema: a table, or an index without a condition. */
export async function wholeReads(url: string, schema: string, statements: Statements): Promise<readonly WholeRead[]> {
  const client = new Client({ connectionString: url, options: SESSION });
  await client.connect();
  try {
    const reads: WholeRead[] = [];
    for (const [name, text] of statements) {
      const plan = await planOf(client, name, text.replaceAll(':"schema"', `"${schema}"`));
      for (const what of new Set(wholeOf(plan))) reads.push({ statement: name, what });
    }
    return reads;
  } finally {
    await client.end();
  }
}

/** A generic plan is the same whatever the parameters are. */
async function planOf(client: Client, name: string, text: string): Promise<Plan> {
  await client.query(`PREPARE ${name} AS ${text}`);
  const { rows } = await client.query<{ count: number }>(
    "SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = $1",
    [name],
  );
  const count = rows[0]?.count ?? 0;
  const parameters = count === 0 ? "" : `(${Array(count).fill("NULL").join(",")})`;
  const explained = await client.query<{ "QUERY PLAN": readonly [{ readonly Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON) EXECUTE ${name}${parameters}`,
  );
  const plan = explained.rows[0]?.["QUERY PLAN"][0].Plan;
  if (plan === undefined) throw new Error(`${name} has no plan`);
  return plan;
}

function wholeOf(plan: Plan): string[] {
  const { "Index Cond": condition, "Index Name": index, "Node Type": type, "Relation Name": table = "" } = plan;
  const own = type === "Seq Scan" ? [table] : index !== undefined && condition === undefined ? [index] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(wholeOf)];
}

/** Fills the tables that grow, and has PostgreSQL look at them. */
export async function fillTables(url: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of FILL) await client.query(sql.replaceAll(':"schema"', `"${schema}"`));
    await client.query(`ANALYZE`);
  } finally {
    await client.end();
  }
}

// Every fifth run is held, sleeps, waits, has ended or is ready. Half of the events were brought, half of the waits are over.
const FILL = [
  `INSERT INTO :"schema".workers
   SELECT 'default', gen_random_uuid(), '', 'online', '[]', 1, '', 1, '', '{}', NULL, '{}', 0, 0, 0, now(), now(), now()
   FROM generate_series(1, 200)`,
  `INSERT INTO :"schema".runs (namespace_id, run_id, task_queue, workflow_type, version, status, priority, attempt, epoch,
     crashes, created_at, started_at, available_at, claimed_at, worker_id, claimed_seq, finished_at, parent_run_id, parent_step)
   SELECT 'default', gen_random_uuid(), '', 'filling', '1', s.status, 0, 1, 1, 0, now(), now(),
     CASE WHEN s.status IN ('pending', 'sleeping') THEN now() END, CASE WHEN s.status = 'running' THEN now() END,
     (SELECT worker_id FROM :"schema".workers ORDER BY n % 7, worker_id LIMIT 1), 0,
     CASE WHEN s.status = 'completed' THEN now() END, gen_random_uuid(), 'child'
   FROM generate_series(0, 19999) n,
     LATERAL (SELECT (ARRAY['pending', 'running', 'sleeping', 'waiting', 'completed'])[n % 5 + 1] AS status) s`,
  `INSERT INTO :"schema".history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt, recorded_at,
     observed_at)
   SELECT namespace_id, run_id, seq, 1, 'function', 'completed', 'add', 1, 1, now(), now()
   FROM :"schema".runs, generate_series(1, 3) seq`,
  `INSERT INTO :"schema".run_keys SELECT namespace_id, run_id::text, run_id, '' FROM :"schema".runs`,
  `INSERT INTO :"schema".run_progress (namespace_id, run_id, updated_at) SELECT namespace_id, run_id, now()
   FROM :"schema".runs`,
  `INSERT INTO :"schema".inbox (namespace_id, run_id, position, kind, name, message_id, received_at)
   SELECT namespace_id, run_id, 1, 'event', 'go', '', now() FROM :"schema".runs`,
  `INSERT INTO :"schema".events (namespace_id, sent_at, event_uid, event_id, name, key, started, routed)
   SELECT 'default', now(), gen_random_uuid(), n::text, 'event ' || n % 100, n::text, '[]', n % 100 > 0
   FROM generate_series(1, 20000) n`,
  `INSERT INTO :"schema".event_waits (namespace_id, run_id, name, occurrence, key, since, state)
   SELECT namespace_id, run_id, 'event ' || occurrence % 100, occurrence, occurrence::text, now(),
     CASE occurrence % 100 WHEN 0 THEN 'new' ELSE 'open' END
   FROM (SELECT *, row_number() OVER ()::int AS occurrence FROM :"schema".runs) r`,
  `INSERT INTO :"schema".slot_waits SELECT 'default', 'limit ' || n % 10, gen_random_uuid(), 'step', 0, now(), NULL
   FROM generate_series(1, 5000) n`,
  `INSERT INTO :"schema".slots
   SELECT 'default', 'limit ' || n % 10, gen_random_uuid(), gen_random_uuid(), 'step', 1, now(), NULL
   FROM generate_series(1, 5000) n`,
  `INSERT INTO :"schema".api_keys
   SELECT n::text, '', 'client', CASE n % 2 WHEN 0 THEN 'default' END, repeat('0', 64), now(), NULL, NULL, NULL
   FROM generate_series(1, 5000) n`,
  `INSERT INTO :"schema".audit_log
   SELECT gen_random_uuid(), now(), 'local', 'local', 'run.cancel', 'run', n::text, 'namespace ' || n % 100, 'done'
   FROM generate_series(1, 20000) n`,
  `INSERT INTO :"schema".lanes SELECT 'default', n::text, '', 'filling', '1', n::text, NULL, 0, now()
   FROM generate_series(1, 5000) n`,
];
