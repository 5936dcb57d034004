/** What a worker's process says to the one that started it. */
export type FromWorker =
  | { readonly type: "loaded"; readonly file: string }
  | { readonly type: "ready"; readonly workflows: readonly ShownWorkflow[] }
  | { readonly type: "failed"; readonly message: string };

/** A workflow, for people. */
export interface ShownWorkflow {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

/** What it is told: there is one thing. */
export type ToWorker = "stop";
