// Bugs that are made on purpose, one at a time, to see that a test finds each. A bug is an exact text of a built file, and another one
// that is put in its place while a test runs. `suites` is what is run until something fails, the quickest first.

const POSTGRES = { project: "conformance", files: ["tests/conformance/postgres.test.ts"] };
// `only`: the tests of these names. What they do not find, all of them may.
const about = (only) => ({ ...POSTGRES, only });
const CORE = { project: "unit", files: ["packages/core"] };
const REPLAY = { project: "unit", files: ["sdks/typescript/src/replay", "packages/testing", "tests/replay"] };
const PAIRS = { project: "conformance", files: ["tests/race/pairs.test.ts"] };
const INTERLEAVINGS = { project: "conformance", files: ["tests/race/interleavings.test.ts"] };
const BURSTS = {
  project: "conformance",
  files: ["tests/race/linearizable.test.ts"],
  env: { KAGZI_RACE_HISTORIES: "2000" },
};
const e2e = (...names) => ({ project: "e2e", files: names.map((name) => `tests/e2e/${name}.test.ts`) });

const WRITE_SQL = "packages/store-postgres/dist/runs-write-sql.js";
const LEASES = "packages/store-postgres/dist/leases.js";

export const MUTANTS = [
  {
    name: "step-without-epoch",
    what: "a step is recorded under a lease that is another's by now",
    file: WRITE_SQL,
    from: "WHERE w.next_status IS NULL AND w.epoch = (",
    to: "WHERE w.next_status IS NULL AND 0 <= (",
    suites: [POSTGRES],
  },
  {
    name: "end-without-epoch",
    what: "a run is ended under a lease that is another's by now",
    file: WRITE_SQL,
    from: "AND r.claimed_at IS NOT NULL AND r.epoch = w.epoch",
    to: "AND r.claimed_at IS NOT NULL AND (w.ends OR r.epoch = w.epoch)",
    suites: [about("every call in every state"), POSTGRES],
  },
  {
    name: "park-without-epoch",
    what: "a run is parked under a lease that is another's by now",
    file: WRITE_SQL,
    from: "AND r.claimed_at IS NOT NULL AND r.epoch = w.epoch",
    to: "AND r.claimed_at IS NOT NULL AND (NOT w.ends OR r.epoch = w.epoch)",
    suites: [about("every call in every state"), POSTGRES],
  },
  {
    name: "heartbeat-without-epoch",
    // Heartbeats renew the worker's row; where epochs count is in what the worker is told that it lost.
    what: "a worker is not told of a lease that it lost if it holds a later one of the same run",
    file: "packages/core/dist/lease.js",
    from: "granted.get(lease.runId) !== lease.epoch),",
    to: "!granted.has(lease.runId)),",
    suites: [CORE],
  },
  {
    name: "release-without-epoch",
    what: "a run is given back under a lease that is another's by now",
    file: LEASES,
    from: "AND r.run_id = l.run_id AND r.epoch = l.epoch\n         WHERE",
    to: "AND r.run_id = l.run_id\n         WHERE",
    suites: [about("leases"), POSTGRES],
  },
  {
    name: "record-overwritten",
    what: "a record replaces one that is there",
    file: WRITE_SQL,
    from: "RETURNING namespace_id, run_id, seq, due_at",
    to: `ON CONFLICT (namespace_id, run_id, seq) DO UPDATE SET epoch = excluded.epoch, kind = excluded.kind, type = excluded.type,
         name = excluded.name, payload = excluded.payload
       RETURNING history.namespace_id, history.run_id, history.seq, history.due_at`,
    suites: [PAIRS],
  },
  {
    name: "output-beside-the-fence",
    what: "the output of a run is written although its end is refused",
    file: WRITE_SQL,
    from: "WHERE r.seq IS NULL OR r.place IN (SELECT place FROM done)",
    to: "WHERE r.seq IS NULL OR r.kind = 'run' OR r.place IN (SELECT place FROM done)",
    suites: [POSTGRES],
  },
  {
    name: "additive-lease",
    what: "a heartbeat adds to a lease instead of setting its end",
    file: LEASES,
    from: 'last_heartbeat_at = now, lease_expires_at = now + ${span("$4::bigint")}',
    to: 'last_heartbeat_at = now, lease_expires_at = greatest(lease_expires_at, now) + ${span("$4::bigint")}',
    suites: [about("leases"), POSTGRES],
  },
  {
    name: "lease-by-another-clock",
    what: "whether a lease has lapsed is judged by another clock than the store's",
    file: LEASES,
    from: "WHERE w.lease_expires_at < (SELECT now FROM clock)\n       LIMIT $2",
    to: "WHERE w.lease_expires_at < clock_timestamp()\n       LIMIT $2",
    suites: [about("leases"), POSTGRES],
  },
  {
    name: "hints-without-a-look",
    what: "what was sent to a run is brought to its worker by hints alone, and nobody looks where they are lost",
    file: "packages/server/dist/background/background.js",
    from: "run: () => engine.signals.look() }",
    to: "run: async () => {} }",
    suites: [e2e("lost-words", "two-servers")],
  },
  {
    name: "park-without-a-look",
    what: "a run is parked without a look whether it was sent something that its worker does not know of",
    file: WRITE_SQL,
    from: "WHEN w.signals IS NULL AND r.cancel_error IS NULL OR w.signals >= r.signals THEN w.next_status",
    to: "WHEN w.next_status IS NOT NULL THEN w.next_status",
    suites: [about("cancelling"), POSTGRES],
  },
  {
    name: "message-taken-apart",
    what: "a message counts as taken although the write that takes it is refused",
    file: WRITE_SQL,
    from: "WHERE r.takes IS NOT NULL AND r.place IN (SELECT place FROM done)",
    to: "WHERE r.takes IS NOT NULL",
    suites: [about("inbox"), POSTGRES],
  },
  {
    name: "child-ends-unheard",
    // A child's end is a message like any other, so a park that ignores it is one that ignores messages. The other half of the bug:
    what: "a parent that waits for a child is not told of its end",
    file: "packages/store-postgres/dist/runs-write.js",
    from: "const children = done.filter(tellsParent);",
    to: "const children = done.filter(() => false);",
    suites: [POSTGRES],
  },
  {
    name: "sleep-begins-anew",
    what: "a sleep that is replayed ends later than it was recorded to",
    file: "sdks/typescript/dist/replay/replay.js",
    from: "call.childRunId = record.childRunId;",
    to: "call.childRunId = record.childRunId; if (record.dueAt !== undefined) call.dueAt = record.dueAt + 60_000;",
    suites: [REPLAY],
  },
  {
    name: "crash-not-counted",
    what: "a claim does not count as a crash to come",
    file: "packages/store-postgres/dist/runs-claim.js",
    from: "crashes = r.crashes + 1,",
    to: "crashes = r.crashes,",
    suites: [about("every call in every state"), POSTGRES],
  },
  {
    name: "backoff-without-end",
    what: "waits between tries grow beyond their limit",
    file: "packages/core/dist/retry-policy.js",
    from: "return clamp(grown + policy.intervalIncrementMs * earlier, longest);",
    to: "return grown + policy.intervalIncrementMs * earlier;",
    suites: [CORE],
  },
  {
    name: "watermark-apart",
    what: "the watermark of a schedule moves on although its runs are refused",
    file: "packages/store-postgres/dist/schedules.js",
    from: "change(database, runner, reference, decide), isDone)",
    to: "change(database, runner, reference, decide), (changed) => changed !== undefined)",
    suites: [about("schedules"), POSTGRES],
  },
  {
    name: "slot-twice",
    what: "nothing keeps two runs from one slot of a schedule",
    file: "packages/store-postgres/dist/migrate.js",
    from: ".replaceAll(':\"schema\"', schema)",
    to: '.replaceAll(\':"schema"\', schema).replaceAll("UNIQUE INDEX runs_by_slot", "INDEX runs_by_slot")',
    suites: [about("schedules"), POSTGRES],
  },
  {
    name: "cancel-overwritten",
    what: "a run that is to be cancelled completes",
    file: WRITE_SQL,
    from: "AND NOT (w.yields AND r.cancel_error IS NOT NULL)",
    to: "",
    suites: [about("cancel"), POSTGRES],
  },
  {
    name: "key-taken-over",
    what: "of two starts with one external id the second takes it over",
    file: "packages/store-postgres/dist/runs-start.js",
    from: "ON CONFLICT DO NOTHING RETURNING namespace_id, run_id\n     ),\n     fresh",
    to: "ON CONFLICT (namespace_id, external_id) DO UPDATE SET run_id = excluded.run_id RETURNING namespace_id, run_id\n     ),\n     fresh",
    suites: [about("starting"), POSTGRES],
  },
  {
    name: "key-of-no-run",
    what: "a start that finds its run begun by another one keeps the key that it took",
    file: "packages/store-postgres/dist/runs-start.js",
    from: "ON CONFLICT (namespace_id, schedule_id, scheduled_at) WHERE scheduled_at IS NOT NULL DO NOTHING",
    to: "ON CONFLICT DO NOTHING",
    suites: [INTERLEAVINGS],
  },
  {
    name: "delete-at-once",
    what: "a run is deleted while statements go on that saw it alive",
    file: "packages/store-postgres/dist/history-writers.js",
    from: "writers.length > 0;",
    to: "false;",
    suites: [INTERLEAVINGS, BURSTS],
  },
  {
    name: "delete-though-changed",
    what: "a run is deleted that was retried since it was seen to have ended",
    file: "packages/store-postgres/dist/runs-manage.js",
    from: "AND r.xmin::text = e.version",
    to: "AND e.version IS NOT NULL",
    suites: [INTERLEAVINGS],
  },
  {
    name: "locks-reversed",
    what: "runs that are written with their parents are locked in the other order",
    file: "packages/store-postgres/dist/inbox.js",
    from: "ORDER BY namespace_id, run_id FOR UPDATE",
    to: "ORDER BY namespace_id DESC, run_id DESC FOR UPDATE",
    suites: [PAIRS, BURSTS],
  },
  {
    name: "one-count-for-all-steps",
    what: "a step is numbered among all steps, not among those of its name",
    file: "sdks/typescript/dist/replay/replay.js",
    from: "const occurrence = (this.#occurrences.get(name) ?? 0) + 1;",
    to: "const occurrence = [...this.#occurrences.values()].reduce((sum, each) => sum + each, 0) + 1;",
    suites: [REPLAY],
  },
  {
    name: "write-again-refused",
    what: "a write that is made again because its answer was lost is taken for a stale one",
    file: "packages/core/dist/refusal.js",
    from: "if (wasApplied(write, facts))",
    to: "if (false)",
    suites: [CORE],
  },
  {
    name: "namespace-of-the-request",
    // There is no credential to take it from; what a call was given out with is the token.
    what: "a token of one namespace is good in another one",
    file: "packages/server/dist/rpc/worker-service.js",
    from: "checkNamespaceId(request.namespaceId) === token.namespaceId",
    to: 'checkNamespaceId(request.namespaceId) !== ""',
    suites: [e2e("isolation", "single-calls")],
  },
];
