import type {
  ErrorDetail,
  HistoryRecord,
  Instant,
  NamespaceId,
  OfferedWorkflow,
  ParentReference,
  RetryPolicy,
  RunId,
  RunWrite,
  Signals,
  WorkerId,
  WorkflowVersion,
} from "@kagzi/core";

/** What the engine knows of a run that a worker of this server executes. */
export interface HeldTask extends WorkflowVersion {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  readonly taskQueue: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly createdAt?: Instant;
  readonly externalId?: string;
  readonly retryPolicy?: RetryPolicy;
  readonly parent?: ParentReference;
  /** Present if the run holds a place that is limited. */
  readonly limitKey?: string;
  readonly scheduleId?: string;
  readonly scheduledAt?: Instant;
  /** Updates of the run that must be written before the next one; absent if that need not wait. */
  turn?: Promise<unknown>;
  /** The run has ended, and its worker is about to hear so. */
  hasEnded?: boolean;
  /** Messages of the run that are on their way; absent where none are. */
  bringing?: Promise<unknown>;
}

/** A run on its way to a worker. */
export interface Task {
  readonly held: HeldTask;
  /** How many records the run has. */
  readonly lastSeq: number;
  /** The first of them; none for a worker that held the run before. */
  readonly history: readonly HistoryRecord[];
  /** What was brought to the run, if anything was. */
  readonly signals?: Signals;
  /** The worker waits with it until then. */
  readonly readyAt?: Instant;
}

/** What became of an update of a worker's. */
export type UpdateAnswer = { readonly runId: RunId; readonly epoch: number } & (
  | {
      readonly result: "ok";
      readonly seq: number;
      /** What the server decided or fixed in the records written. */
      readonly decisions: readonly {
        readonly seq: number;
        readonly type: RunWrite["records"][number]["type"];
        readonly dueAt?: number;
        readonly error?: ErrorDetail;
      }[];
    }
  | { readonly result: "leaseLost" | "reload" }
  | { readonly result: "rejected"; readonly error: unknown }
);

/** How a session reaches its worker. */
export interface WorkerLink {
  /** Hands over tasks; they are in the worker's hands now, and lost with it. */
  give(tasks: readonly Task[]): void;
  /** Brings what others had for runs in the worker's hands. */
  signal(signals: readonly Signals[]): void;
  /** Asks the worker to drop runs that have ended or are another worker's. */
  drop(runIds: readonly RunId[]): void;
  /** Asks the worker to finish what it holds. */
  drain(): void;
  /** Resolves when the worker has taken so much of what is on its way that there is room for more. */
  room(): Promise<void>;
  /** The session is over for another reason than the worker's: another one took its place, or the server closes. */
  end(): void;
}

/** The part of a worker's slots, at least one, in which no run waits for its time. */
const KEPT_FREE = 0.1;

/** A worker that this server gives runs to: for as long as its stream lasts, or for one poll. */
export class WorkerSession {
  readonly workerId: WorkerId;
  readonly namespaceId: NamespaceId;
  readonly taskQueue: string;
  readonly workflows: readonly OfferedWorkflow[];
  readonly link: WorkerLink;
  /** The runs in the worker's hands. */
  readonly held = new Map<RunId, HeldTask>();
  /** Runs being claimed for the worker. */
  reserved = 0;
  /** Takes nothing more. */
  draining = false;
  /** Was not heard of in time: takes nothing before it is. */
  lapsed = false;
  /** Reads so slowly that there is no room on its stream: is given nothing more before there is. */
  crowded = false;
  /** Slots. */
  readonly capacity: number;
  readonly #offers: ReadonlyMap<string, OfferedWorkflow>;

  constructor(worker: {
    readonly workerId: WorkerId;
    readonly namespaceId: NamespaceId;
    readonly taskQueue: string;
    readonly workflows: readonly OfferedWorkflow[];
    readonly capacity: number;
    readonly link: WorkerLink;
  }) {
    this.workerId = worker.workerId;
    this.namespaceId = worker.namespaceId;
    this.taskQueue = worker.taskQueue;
    this.workflows = worker.workflows;
    this.link = worker.link;
    this.capacity = worker.capacity;
    this.#offers = new Map(worker.workflows.map((workflow) => [workflowKey(workflow), workflow]));
  }

  /** Slots that nobody has. */
  get free(): number {
    return this.draining || this.lapsed || this.crowded
      ? 0
      : Math.max(0, this.capacity - this.held.size - this.reserved);
  }

  /** Slots for runs that wait in them for their time: all but some that are kept for those that are ready meanwhile. */
  get spare(): number {
    return Math.max(0, this.free - Math.max(1, Math.ceil(this.capacity * KEPT_FREE)));
  }

  /** The worker no longer has the run under this lease. Under a later one it may have it already. */
  letGo({ runId, epoch }: Pick<HeldTask, "runId" | "epoch">): void {
    if (this.held.get(runId)?.epoch === epoch) this.held.delete(runId);
  }

  offers(workflow: WorkflowVersion): boolean {
    return this.#offers.has(workflowKey(workflow));
  }

  /** How long a run of the workflow may take if it was not told. */
  timeoutOf(workflow: WorkflowVersion): number | undefined {
    return this.#offers.get(workflowKey(workflow))?.timeoutMs;
  }
}

/** A workflow in one version, as a key. */
export function workflowKey(workflow: WorkflowVersion): string {
  return `${workflow.workflowType}\0${workflow.version}`;
}
