import { Metrics, collectProcess } from "@kagzi/metrics";
import type { Recorded } from "./advance.ts";
import type { WireOutcome } from "./update-buffer.ts";

const STEP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** What a worker holds when its metrics are read. */
export interface WorkerGauges {
  readonly active: number;
  readonly parked: number;
  readonly slots: number;
}

/** What a worker counts. Labels say the workflow and a state, never an id. */
export class WorkerMetrics {
  readonly registry = new Metrics();
  readonly #steps = this.registry.counter({
    name: "kagzi_worker_step_attempts_total",
    help: "Attempts of steps that this worker made.",
    labels: ["workflow", "status"],
  });
  readonly #stepDuration = this.registry.histogram({
    name: "kagzi_worker_step_duration_seconds",
    help: "How long an attempt of a step took here.",
    labels: ["workflow"],
    bounds: STEP_BOUNDS,
  });
  readonly #slices = this.registry.counter({
    name: "kagzi_worker_slices_total",
    help: "Times that this worker had a run, by how it gave it up.",
    labels: ["workflow", "outcome"],
  });
  readonly #active = this.registry.gauge({
    name: "kagzi_worker_active_runs",
    help: "Runs that this worker executes.",
  });
  readonly #max = this.registry.gauge({
    name: "kagzi_worker_max_runs",
    help: "Runs that this worker may execute at once.",
  });
  readonly #parked = this.registry.gauge({
    name: "kagzi_worker_parked_runs",
    help: "Runs that wait and that this worker keeps in its memory.",
  });
  #stopLooking: (() => void) | undefined;

  /** An attempt of a step has come to its end. */
  attempted(workflow: string, { command, record }: Recorded): void {
    this.#steps.of(workflow, record.type === "completed" ? "completed" : "failed").add();
    if (command.case !== "completeStep" && command.case !== "failStep") return;
    this.#stepDuration.of(workflow).observe(Number(command.value.durationMs ?? 0) / 1000);
  }

  /** The worker no longer has a run. */
  left(workflow: string, outcome: WireOutcome["case"] | undefined): void {
    this.#slices.of(workflow, outcome ?? "dropped").add();
  }

  /** As Prometheus reads them. From the first time on it is looked how late the event loop is. */
  text({ active, parked, slots }: WorkerGauges): Promise<string> {
    this.#stopLooking ??= collectProcess(this.registry);
    this.#active.of().set(active);
    this.#max.of().set(slots);
    this.#parked.of().set(parked);
    return this.registry.text();
  }

  stop(): void {
    this.#stopLooking?.();
  }
}
