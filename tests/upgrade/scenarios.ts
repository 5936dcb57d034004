import { type Client, type RunHandle, type RunStatus, type StartOptions, workflow } from "kagzi";

/** A run of a fixture: how it got to where it is, and what is to become of it after the upgrade. */
export interface Scenario {
  /** Its own id, by which it is found. */
  readonly id: string;
  readonly workflow: string;
  readonly input?: unknown;
  readonly options?: StartOptions;
  /** Where it is before `before`; default `status`. */
  readonly from?: RunStatus;
  /** What brings it to `status`, beside time. */
  readonly before?: (run: RunHandle<unknown>, client: Client) => Promise<unknown>;
  /** Where it is when the fixture is taken. */
  readonly status: RunStatus;
  /** It ends by itself before a worker comes. */
  readonly endsAlone?: true;
  /** What others do for it after the upgrade. */
  readonly after?: (run: RunHandle<unknown>, client: Client) => Promise<unknown>;
  /** Its output, or the code of its error. */
  readonly end: { readonly output: unknown } | { readonly error: string };
}

const HELD = ["in!", "held", new Date(0)];
const TRUCK = "é\u{1f69a}";
const pause = async (run: RunHandle<unknown>) => run.pause("an operator");
const resume = async (run: RunHandle<unknown>) => run.resume();
const go = async (run: RunHandle<unknown>) => run.send("go", "went");
const cancel = async (run: RunHandle<unknown>) => run.cancel("enough");

const FIRST: readonly Scenario[] = [
  { id: "pending", workflow: "idle", input: 1, status: "pending", end: { output: 1 } },
  {
    id: "pending and urgent",
    workflow: "idle",
    input: TRUCK,
    options: { priority: 9 },
    status: "pending",
    end: { output: TRUCK },
  },
  {
    id: "delayed",
    workflow: "idle",
    input: [1n],
    options: { delay: "1h" },
    status: "pending",
    end: { output: [1n] },
  },
  {
    id: "to be begun before it is",
    workflow: "idle",
    options: { startTimeout: "1h" },
    status: "pending",
    endsAlone: true,
    end: { error: "TIMEOUT" },
  },
  { id: "running", workflow: "held", input: "in", status: "running", end: { output: HELD } },
  { id: "running, its worker lost", workflow: "abandoned", input: "in", status: "running", end: { output: HELD } },
  {
    id: "running, to be paused",
    workflow: "stopped",
    input: "in",
    before: pause,
    status: "running",
    after: resumeWhenPaused,
    end: { output: HELD },
  },
  {
    id: "running, to be cancelled",
    workflow: "careful",
    from: "sleeping",
    before: cancel,
    status: "running",
    end: { error: "CANCELLED" },
  },
  { id: "sleeping", workflow: "nap", input: "in", status: "sleeping", end: { output: "in slept" } },
  { id: "sleeping until a step is tried again", workflow: "flaky", status: "sleeping", end: { output: 2 } },
  { id: "sleeping until it is tried again", workflow: "again", status: "sleeping", end: { output: ["kept", 2] } },
  { id: "waiting for an event", workflow: "listens", status: "waiting", after: go, end: { output: "went" } },
  { id: "waiting for an event until a time", workflow: "late", status: "waiting", end: { output: null } },
  { id: "waiting for what comes first", workflow: "race", status: "waiting", end: { output: ["hour", 1, 2, true] } },
  {
    id: "sent an event before its start",
    workflow: "hears",
    from: "pending",
    before: (run) => run.send("early", "early", { id: "early" }),
    status: "pending",
    end: { output: "early" },
  },
  { id: "waiting for a child", workflow: "parent", status: "waiting", after: goToChild, end: { output: "went" } },
  { id: "that started another one", workflow: "detaching", input: 5, status: "sleeping", end: { output: "string" } },
  {
    id: "paused while it slept",
    workflow: "nap",
    input: "again",
    from: "sleeping",
    before: pause,
    status: "paused",
    after: resume,
    end: { output: "again slept" },
  },
  {
    id: "paused while it waited",
    workflow: "listens",
    from: "waiting",
    before: pause,
    status: "paused",
    after: async (run) => [await run.send("go", "went"), await run.resume()],
    end: { output: "went" },
  },
  // The one before it is brought there by code that does not match.
  { id: "blocked", workflow: "changed", from: "waiting", before: go, status: "paused", end: { output: "matched" } },
  { id: "completed", workflow: "detached", input: 3, status: "completed", end: { output: 3 } },
  { id: "failed", workflow: "fails", status: "failed", end: { error: "CONFLICT" } },
  {
    id: "cancelled",
    workflow: "idle",
    from: "pending",
    before: cancel,
    status: "cancelled",
    end: { error: "CANCELLED" },
  },
  { id: "continued", workflow: "counts", input: 0, status: "completed", end: { output: 1 } },
  { id: "with progress", workflow: "reports", status: "sleeping", end: { output: "reported" } },
];

const EVENTS: readonly Scenario[] = [
  {
    id: "waiting for an event of the namespace",
    workflow: "keyed",
    input: "o1",
    status: "waiting",
    after: async (_run, client) => client.send("shipped", "on its way", { id: "shipped o1", key: "o1" }),
    end: { output: "on its way" },
  },
  {
    id: "brought an event while it was paused",
    workflow: "keyed",
    input: "o2",
    from: "waiting",
    before: async (run, client) => [
      await run.pause(),
      await client.send("shipped", "before", { id: "shipped o2", key: "o2" }),
    ],
    status: "paused",
    after: resume,
    end: { output: "before" },
  },
];

const LIMITS: readonly Scenario[] = [
  { id: "in its place", workflow: "shipping", input: { customer: "c" }, status: "running", end: { output: "c" } },
  { id: "waiting for it", workflow: "shipping", input: { customer: "c" }, status: "pending", end: { output: "c" } },
  { id: "with a slot", workflow: "asking", input: "first", status: "running", end: { output: "first" } },
  { id: "waiting for a slot", workflow: "asking", input: "second", status: "waiting", end: { output: "second" } },
  { id: "begun under a throttle", workflow: "slow", input: "1", status: "completed", end: { output: "1" } },
  { id: "throttled", workflow: "slow", input: "2", status: "pending", end: { output: "2" } },
];

const PAUSING: readonly Scenario[] = [
  {
    id: "paused before its time",
    workflow: "idle",
    input: 2,
    options: { delay: "1h" },
    from: "pending",
    before: pause,
    status: "paused",
    after: resume,
    end: { output: 2 },
  },
];

/** The runs that a schema of that version can hold, in the order in which they are started. */
export function scenariosOf(version: number): readonly Scenario[] {
  const since = [[], FIRST, EVENTS, [], LIMITS, PAUSING];
  return since.slice(0, version + 1).flat();
}

/** Whoever has it now pauses it where it gives it back. */
async function resumeWhenPaused(run: RunHandle<unknown>): Promise<void> {
  for (;;) {
    const { status } = await run.status();
    if (status === "paused") return void (await run.resume());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function goToChild(_run: RunHandle<unknown>, client: Client): Promise<void> {
  for await (const { id } of client.runs.list({ workflow: "child" })) await client.run(id).send("go", "went");
}

/** Code that does not fit the history of the workflow `changed`. */
export const MISMATCH = workflow("changed", async (ctx) => {
  await ctx.step("new name", () => 1);
});
