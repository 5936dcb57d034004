import {
  type ExplainFacts,
  type Instant,
  LIMITS,
  MAX_AHEAD,
  MAX_NAMED,
  type Run,
  type RunDetail,
  type RunId,
  type RunReference,
  type RunStatus,
  type SlotWait,
  type Standing,
  type Step,
  type WaitingFor,
  type Worker,
  adviceOn,
  effectiveLimits,
  formatStepKey,
  isTerminal,
  reasonsOf,
  stepsOf,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { standingOf } from "./standing.ts";
import type { Runs } from "./runs.ts";

/** Records from the end of a history among which open waits are looked for. */
const RECORDS = 1000;
/** Running runs among which those are looked for that hold the slots. */
const RUNNING = 100;

/** In what state a run is, why, and what to do about it. */
export interface Explanation {
  readonly run: Run;
  /** Never empty; what holds the run back most comes first. */
  readonly reasons: readonly WaitingFor[];
  /** What to do about the first of them. */
  readonly next: string;
}

/** What only a whole explanation looks for. */
type Details = Pick<ExplainFacts, "children" | "running" | "ahead" | "holder" | "isDisabled">;

/** What holds runs back beyond their own state. */
type Held = Pick<ExplainFacts, "standing" | "slotWaits">;

const NO_DETAILS: Details = { children: new Map<RunId, RunStatus>(), running: [], ahead: 0, isDisabled: false };

/** Explains runs. What that costs is bounded, however long their histories are and however many others there are. */
export class Explanations {
  readonly #context: EngineContext;
  readonly #runs: Runs;

  constructor(context: EngineContext, parts: { readonly runs: Runs }) {
    this.#context = context;
    this.#runs = parts.runs;
  }

  /** Everything that is to be said of the run. @throws KagziError `NOT_FOUND` */
  async explain(reference: RunReference): Promise<Explanation> {
    const detail = await this.#runs.get(reference);
    const { run } = detail;
    const facts = await this.#facts(detail, ["running", "sleeping", "waiting"]);
    const reasons = reasonsOf({ ...facts, ...(await this.#details(run, facts)) });
    return { run, reasons, next: adviceOn(reasons[0]) };
  }

  /** Why the run is not moving; `undefined` while it moves and once it has ended. Cheaper, and with fewer details. */
  async waitingFor(detail: RunDetail): Promise<WaitingFor | undefined> {
    if (isTerminal(detail.run.status)) return undefined;
    const [first] = reasonsOf({ ...(await this.#facts(detail, ["sleeping", "waiting"])), ...NO_DETAILS });
    return first.reason === "running" ? undefined : first;
  }

  /** What its state makes worth knowing; its history only in these states. */
  async #facts(
    { activity, continuedAs, error, run }: RunDetail,
    inHistory: readonly RunStatus[],
  ): Promise<Omit<ExplainFacts, keyof Details>> {
    const at = "availableAt" in run ? run.availableAt : undefined;
    const now = await this.#now(at);
    const isReady = at !== undefined && at <= now;
    const [records, workers, held] = await Promise.all([
      inHistory.includes(run.status) ? this.#context.store.history.latest(run, RECORDS) : [],
      isReady ? this.#workers(run) : [],
      this.#held(run, isReady),
    ]);
    const lastRecord = records.at(-1);
    const steps = [...stepsOf(records).values()];
    return {
      run,
      now,
      workers,
      ...held,
      steps,
      eventKeys: await this.#eventKeys(run, steps),
      ...(lastRecord !== undefined && { lastRecord }),
      ...(activity !== undefined && { activity }),
      ...(continuedAs !== undefined && { continuedAs }),
      ...(error !== undefined && { error }),
    };
  }

  async #details(run: Run, { steps, workers }: Pick<ExplainFacts, "steps" | "workers">): Promise<Details> {
    const { namespaces, runs, workers: registered } = this.#context.store;
    const { namespaceId, workerId } = run;
    const [children, holder, running, ahead, namespace] = await Promise.all([
      this.#children(run, steps),
      run.status === "running" && workerId !== undefined ? registered.get(namespaceId, workerId) : undefined,
      workers.length === 0 ? [] : runs.list({ namespaceId, statuses: ["running"] }, { limit: RUNNING }),
      workers.length === 0 ? 0 : runs.ahead(run, MAX_AHEAD),
      namespaces.get(namespaceId),
    ]);
    const isDisabled = namespace?.enabled === false;
    return { children, running, ahead, isDisabled, ...(holder !== undefined && { holder }) };
  }

  async #held(run: Run, isReady: boolean): Promise<Held> {
    const [standing, slotWaits] = await Promise.all([
      isReady ? this.#standing(run) : undefined,
      run.status === "running" || run.status === "waiting" ? this.#slotWaits(run) : [],
    ]);
    return { slotWaits, ...(standing !== undefined && { standing }) };
  }

  /** Where a run stands with the limits of its workflow, if that has any. */
  async #standing({ limitKey, namespaceId, startedAt, throttleKey, workflowType }: Run): Promise<Standing | undefined> {
    if (limitKey === undefined) return undefined;
    const isThrottled = throttleKey !== undefined && startedAt === undefined;
    const who = { namespaceId, workflowType, limitKey, ...(isThrottled && { throttleKey }) };
    return standingOf(this.#context.store, who, MAX_NAMED);
  }

  /** Steps of the run that wait for slots of named limits. */
  async #slotWaits(run: Run): Promise<readonly SlotWait[]> {
    const { slots } = this.#context.store;
    const { namespaceId } = run;
    const waits = (await slots.waits(run)).slice(0, MAX_NAMED);
    return Promise.all(
      waits.map(async (wait) => {
        const limits = effectiveLimits((await slots.get(namespaceId, wait.name)) ?? {});
        const windowMs = limits.throttle?.perMs ?? 0;
        const { begun, first, held, holders, waiting } = await slots.usage(
          { namespaceId, name: wait.name },
          { limit: MAX_NAMED, windowMs },
        );
        const throttle = { begun, ...(first !== undefined && { until: first + windowMs }) };
        return {
          ...wait,
          limits,
          held: { running: held, holders: holders.map(({ runId }) => runId) },
          throttle,
          waiting,
        };
      }),
    );
  }

  /** This server's notion of the store's clock may be behind: then a time that seems to come is asked of the store. */
  async #now(at: Instant | undefined): Promise<Instant> {
    const { clock, store } = this.#context;
    if (at !== undefined && at > clock.now()) clock.observe(await store.now());
    return clock.now();
  }

  /** Workers that are there: those that take runs, and those that only finish theirs. */
  async #workers({ namespaceId }: Run): Promise<readonly Worker[]> {
    const { workers } = this.#context.store;
    const page = { limit: LIMITS.pageSize };
    const found = await Promise.all([
      workers.list({ namespaceId, status: "online" }, page),
      workers.list({ namespaceId, status: "draining" }, page),
    ]);
    return found.flat();
  }

  async #eventKeys(run: Run, steps: readonly Step[]): Promise<ReadonlyMap<string, string>> {
    if (!steps.some(({ kind, status }) => kind === "event" && status === "waiting")) return new Map();
    const waits = await this.#context.store.events.keys(run);
    return new Map(waits.map((wait) => [formatStepKey(wait), wait.key]));
  }

  async #children({ namespaceId }: Run, steps: readonly Step[]): Promise<ReadonlyMap<RunId, RunStatus>> {
    const children = steps
      .flatMap(({ childRunId, status }) => (status === "waiting" && childRunId !== undefined ? [childRunId] : []))
      .slice(0, MAX_NAMED);
    if (children.length === 0) return NO_DETAILS.children;
    const details = await this.#context.store.runs.get(children.map((runId) => ({ namespaceId, runId })));
    return new Map(details.flatMap((detail) => (detail === undefined ? [] : [[detail.run.runId, detail.run.status]])));
  }
}
