import type { NewRecord, RunStatus, Start } from "@kagzi/core";
import { type Buckets, Metrics, type Value } from "@kagzi/metrics";

/** Of whom most metrics speak. */
const WORKFLOW = ["namespace", "workflow"] as const;
/** From a fast step to a run of days. */
const STEP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const RUN_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400, 604_800];
/** How late something is. */
const LAG_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const CALL_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SIZE_BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500];

/** Series that are kept at hand, of namespaces and of each one's workflows. */
const KEPT = 1000;

/** What is counted of the steps of one workflow. */
interface StepSeries {
  readonly completed: Value;
  readonly retries: Value;
  readonly duration: Buckets;
  readonly of: (status: string) => Value;
}

/** Who a run is of, as far as metrics tell. */
interface OfWorkflow {
  readonly namespaceId: string;
  readonly workflowType: string;
}

/**
 * What an engine counts. Labels say the namespace, the workflow and a state, never an id; docs/operate/metrics.md says
 * what each metric means.
 */
export class EngineMetrics {
  readonly registry = new Metrics();
  readonly #runsStarted = this.registry.counter({
    name: "kagzi_runs_started_total",
    help: "Runs that were started, however: by a client, an event, a schedule, a parent.",
    labels: WORKFLOW,
  });
  readonly #runsFinished = this.registry.counter({
    name: "kagzi_runs_finished_total",
    help: "Runs that ended.",
    labels: [...WORKFLOW, "status"],
  });
  readonly #runRetries = this.registry.counter({
    name: "kagzi_run_retries_total",
    help: "Attempts of runs that failed and are followed by another one.",
    labels: WORKFLOW,
  });
  readonly #runDuration = this.registry.histogram({
    name: "kagzi_run_duration_seconds",
    help: "From the creation of a run to its end.",
    labels: [...WORKFLOW, "status"],
    bounds: RUN_BOUNDS,
  });
  readonly #scheduleToStart = this.registry.histogram({
    name: "kagzi_run_schedule_to_start_seconds",
    help: "How long a run was ready before a worker had it, each time that it was.",
    labels: WORKFLOW,
    bounds: LAG_BOUNDS,
  });
  readonly #timerLag = this.registry.histogram({
    name: "kagzi_timer_lag_seconds",
    help: "How long after the end of its sleep, or of its wait, a parked run went on.",
    labels: ["namespace"],
    bounds: LAG_BOUNDS,
  });
  readonly #stepsFinished = this.registry.counter({
    name: "kagzi_steps_finished_total",
    help: "Steps with a function that came to an outcome.",
    labels: [...WORKFLOW, "status"],
  });
  readonly #stepRetries = this.registry.counter({
    name: "kagzi_step_retries_total",
    help: "Attempts of steps that failed and are followed by another one.",
    labels: WORKFLOW,
  });
  readonly #stepDuration = this.registry.histogram({
    name: "kagzi_step_duration_seconds",
    help: "How long an attempt of a step took, by the worker's clock.",
    labels: WORKFLOW,
    bounds: STEP_BOUNDS,
  });
  readonly #steps = new Map<string, Map<string, StepSeries>>();
  readonly leasesExpired = this.registry.counter({
    name: "kagzi_leases_expired_total",
    help: "Runs that were taken back from workers that were not heard of in time.",
  });
  readonly leasesLost = this.registry.counter({
    name: "kagzi_leases_lost_total",
    help: "Writes of workers that were refused because the run was no longer theirs.",
    labels: WORKFLOW,
  });
  readonly #scheduleLag = this.registry.histogram({
    name: "kagzi_schedule_lag_seconds",
    help: "How long after its time a schedule started its run.",
    labels: ["namespace"],
    bounds: LAG_BOUNDS,
  });
  readonly scheduleMissed = this.registry.counter({
    name: "kagzi_schedule_missed_fires_total",
    help: "Times of schedules that passed without a run and are not made up for.",
    labels: ["namespace"],
  });
  readonly commitItems = this.registry.histogram({
    name: "kagzi_commit_items",
    help: "Starts or writes that were committed together.",
    labels: ["op"],
    bounds: SIZE_BOUNDS,
  });
  readonly queries = this.registry.histogram({
    name: "kagzi_db_query_duration_seconds",
    help: "How long an operation of the store took, with its retries.",
    labels: ["op"],
    bounds: CALL_BOUNDS,
  });
  readonly queryErrors = this.registry.counter({
    name: "kagzi_db_query_errors_total",
    help: "Operations of the store that failed.",
    labels: ["op", "code"],
  });
  readonly calls = this.registry.histogram({
    name: "kagzi_rpc_duration_seconds",
    help: "How long a call took, waits at a gate and for what it asked for included.",
    labels: ["method", "code"],
    bounds: CALL_BOUNDS,
  });

  started({ namespaceId, workflowType }: OfWorkflow): void {
    this.#runsStarted.of(namespaceId, workflowType).add();
  }

  /** `ms`: since its creation, where that is known. */
  finished({ namespaceId, workflowType }: OfWorkflow, status: RunStatus, ms: number | undefined): void {
    this.#runsFinished.of(namespaceId, workflowType, status).add();
    if (ms !== undefined) this.#runDuration.of(namespaceId, workflowType, status).observe(seconds(ms));
  }

  runRetried({ namespaceId, workflowType }: OfWorkflow): void {
    this.#runRetries.of(namespaceId, workflowType).add();
  }

  /** A worker has the run, so long after it became ready. */
  claimed({ namespaceId, workflowType }: OfWorkflow, ms: number, isDue: boolean): void {
    this.#scheduleToStart.of(namespaceId, workflowType).observe(seconds(ms));
    if (isDue) this.#timerLag.of(namespaceId).observe(seconds(ms));
  }

  /** Something is recorded of a run. This is what every step comes by: its series are looked up once. */
  recorded(run: OfWorkflow, { durationMs, kind, type }: NewRecord): void {
    if (kind !== "function") return;
    const steps = this.#stepsOf(run);
    (type === "retrying" ? steps.retries : type === "completed" ? steps.completed : steps.of(type)).add();
    if (durationMs !== undefined) steps.duration.observe(seconds(durationMs));
  }

  #stepsOf({ namespaceId, workflowType }: OfWorkflow): StepSeries {
    const known = this.#steps.get(namespaceId)?.get(workflowType);
    if (known !== undefined) return known;
    const steps: StepSeries = {
      completed: this.#stepsFinished.of(namespaceId, workflowType, "completed"),
      retries: this.#stepRetries.of(namespaceId, workflowType),
      duration: this.#stepDuration.of(namespaceId, workflowType),
      of: (status) => this.#stepsFinished.of(namespaceId, workflowType, status),
    };
    const ofNamespace = this.#steps.get(namespaceId) ?? new Map<string, StepSeries>();
    // Names that nobody has heard of are not kept for ever.
    if (ofNamespace.size < KEPT && this.#steps.size < KEPT) {
      this.#steps.set(namespaceId, ofNamespace.set(workflowType, steps));
    }
    return steps;
  }

  /** A schedule has started a run, for a slot or because it was triggered. */
  fired({ namespaceId, scheduledAt }: Start, now: number): void {
    if (scheduledAt !== undefined) this.#scheduleLag.of(namespaceId).observe(seconds(now - scheduledAt));
  }
}

function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}
