import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ActivitySchema,
  BlockRunSchema,
  CancelRunSchema,
  CommandSchema,
  CompleteRunSchema,
  ContinueAsNewSchema,
  FailRunSchema,
  ParkSchema,
  Payload,
  ReleaseRunSchema,
  RunUpdateSchema,
} from "@kagzi/proto";

export type WireCommand = MessageInitShape<typeof CommandSchema>;
export type WireActivity = MessageInitShape<typeof ActivitySchema>;
export type WireUpdate = MessageInitShape<typeof RunUpdateSchema>;

/** What is said of one step. */
export type CommandCase = Extract<WireCommand, { readonly $typeName?: never }>["command"] & {};

/** What becomes of a run that its worker no longer executes. */
export type WireOutcome =
  | { readonly case: "park"; readonly value: MessageInitShape<typeof ParkSchema> }
  | { readonly case: "complete"; readonly value: MessageInitShape<typeof CompleteRunSchema> }
  | { readonly case: "fail"; readonly value: MessageInitShape<typeof FailRunSchema> }
  | { readonly case: "release"; readonly value: MessageInitShape<typeof ReleaseRunSchema> }
  | { readonly case: "block"; readonly value: MessageInitShape<typeof BlockRunSchema> }
  | { readonly case: "cancel"; readonly value: MessageInitShape<typeof CancelRunSchema> }
  | { readonly case: "continueAsNew"; readonly value: MessageInitShape<typeof ContinueAsNewSchema> };

interface Sent {
  readonly update: WireUpdate;
  /** The last record that it writes. */
  readonly seq: number;
}

/** What is to be said of one run under one lease: gathered, sent, and kept until it is answered. */
export class UpdateBuffer {
  readonly runId: string;
  readonly epoch: number;
  #acked: number;
  #seq: number;
  #commands: WireCommand[] = [];
  #outcome: WireOutcome | undefined;
  #progress: Payload | undefined;
  #activity: WireActivity | undefined;
  #closesChildren = false;
  #sent: Sent[] = [];

  constructor(lease: { readonly runId: string; readonly epoch: number; readonly seq: number }) {
    this.runId = lease.runId;
    this.epoch = lease.epoch;
    this.#acked = lease.seq;
    this.#seq = lease.seq;
  }

  /** The last record that is known to be durable. */
  get acked(): number {
    return this.#acked;
  }

  /** The last record that was sent. */
  get sent(): number {
    return this.#seq - this.#commands.length;
  }

  get isAnswered(): boolean {
    return this.#sent.length === 0 && this.#commands.length === 0 && this.#outcome === undefined;
  }

  /** How far the run is; the last word counts. */
  report(progress: Payload | undefined): void {
    this.#progress = progress;
  }

  /** What the run is busy with. */
  busyWith(activity: WireActivity): void {
    this.#activity = activity;
  }

  /** With its end the run's children that have not ended are to be cancelled. */
  closeChildren(): void {
    this.#closesChildren = true;
  }

  add(command: WireCommand): void {
    this.#commands.push(command);
    this.#seq += 1;
  }

  /** Nothing can be added after this. */
  end(outcome: WireOutcome): void {
    this.#outcome = outcome;
  }

  /** What was gathered, as the next update to send. */
  take(): WireUpdate | undefined {
    const parts = [this.#outcome, this.#progress, this.#activity];
    if (this.#commands.length === 0 && parts.every((part) => part === undefined)) return undefined;
    const update: WireUpdate = {
      runId: this.runId,
      epoch: this.epoch,
      afterSeq: this.sent,
      commands: this.#commands,
      ...(this.#outcome !== undefined && { outcome: this.#outcome, closesChildren: this.#closesChildren }),
      ...(this.#progress !== undefined && { progress: this.#progress }),
      ...(this.#activity !== undefined && { activity: this.#activity }),
    };
    this.#progress = undefined;
    this.#activity = undefined;
    this.#commands = [];
    this.#outcome = undefined;
    this.#sent.push({ update, seq: this.#seq });
    return update;
  }

  /** What was sent and not answered, to be sent again over a new stream: what had arrived is recognised. */
  unanswered(): readonly WireUpdate[] {
    return this.#sent.map(({ update }) => update);
  }

  /** The oldest update has been answered. */
  acknowledge(): void {
    const sent = this.#sent.shift();
    if (sent !== undefined) this.#acked = sent.seq;
  }
}
