import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Command,
  type ErrorDetail,
  ErrorDetailSchema,
  type InboxMessageSchema,
  RecordType,
  type RecordDecisionSchema,
  type RunAck,
  RunAckSchema,
  RunAck_Result as Result,
  type RunSignals,
  RunSignalsSchema,
  type RunUpdate,
} from "@kagzi/proto";
import type { ReplayRecord, StepRecord } from "../../sdks/typescript/src/replay/records.ts";
import { TRIES } from "./programs.ts";

const RETRY_MS = 7;

type Decision = MessageInitShape<typeof RecordDecisionSchema>;
type Message = MessageInitShape<typeof InboxMessageSchema> & { readonly position: number };

/** A server that is a list: what it was told is the history, and what was brought to the run is in its inbox. */
export class ListServer {
  readonly history: ReplayRecord[] = [{ kind: "run", type: "started", observedAt: 0 }];
  /** Ids of the children that were started, by their step. */
  readonly children = new Map<string, Set<string>>();
  /** Ids of the events that were sent, by their step. */
  readonly events = new Map<string, Set<string>>();
  /** Steps whose children were cancelled. */
  readonly cancelledChildren = new Set<string>();
  /** Children that have not ended. */
  readonly running = new Set<string>();
  end: string | undefined;
  readonly #inbox = new Map<number, Message>();
  #signals = 0;
  #cancelled = false;
  readonly #now: () => number;
  /** Whether the next child that is asked for can be started, or the next event be sent. */
  readonly #canStart: () => boolean;

  constructor(now: () => number, canStart: () => boolean) {
    this.#now = now;
    this.#canStart = canStart;
  }

  /** What waits for the code. */
  signals(epoch: number): RunSignals {
    const cancel = create(ErrorDetailSchema, { message: "enough" });
    return create(RunSignalsSchema, {
      runId: "run",
      epoch,
      count: this.#signals,
      messages: [...this.#inbox.values()],
      ...(this.#cancelled && { cancel }),
    });
  }

  get isCancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#signals += 1;
  }

  send(name: string): void {
    const position = ++this.#signals;
    const metadata = { "kagzi-event-id": `event ${position}` };
    this.#inbox.set(position, { position, name, payload: { data: new Uint8Array(), metadata } });
  }

  endChild(childRunId: string, fails: boolean): void {
    this.running.delete(childRunId);
    const position = ++this.#signals;
    const error = { error: { message: `child ${position} failed` } };
    const data = new TextEncoder().encode(JSON.stringify(`child ${position}`));
    const payload = { payload: { data, metadata: { "content-type": "application/json" } } };
    this.#inbox.set(position, { position, childRunId, ...(fails ? error : payload) });
  }

  /** Does for others what an update asks for, which comes before it is taken. Whether there was anything. */
  settleOthers({ commands }: RunUpdate): boolean {
    for (const { command, occurrence, stepName } of commands) {
      const key = `${stepName}#${occurrence}`;
      if (command.case === "startChild") {
        const ids = this.children.get(key) ?? new Set();
        this.children.set(key, ids.add(command.value.workflow?.runId ?? ""));
      }
      if (command.case === "sendEvent") {
        const ids = this.events.get(key) ?? new Set();
        this.events.set(key, ids.add(command.value.event?.eventId ?? ""));
      }
      if (command.case === "cancelStep" && command.value.childRunId !== undefined) this.cancelledChildren.add(key);
    }
    return commands.some(({ command: { case: kind } }) => FOR_OTHERS.has(kind));
  }

  /** Takes an update, all of it. Whether the run is to go on at once instead of waiting. */
  take({ commands, epoch, outcome }: RunUpdate): { readonly ack: RunAck; readonly goesOn: boolean } {
    const decisions = commands.flatMap((command) => this.#append(command) ?? []);
    const { case: becomes, value } = outcome;
    if (becomes !== undefined && becomes !== "park" && becomes !== "release") {
      // A request to cancel goes before an end that has not heard of it.
      this.end = this.#cancelled && becomes !== "block" ? "cancel" : becomes;
      this.history.push({ kind: "run", type: "ended", observedAt: this.#now() });
    }
    const ack = create(RunAckSchema, { runId: "run", epoch, result: Result.OK, decisions });
    return { ack, goesOn: becomes === "park" && value.signals < this.#signals };
  }

  #append({ command, observedAt: at, occurrence, stepName: name }: Command): Decision | undefined {
    const about = { name, occurrence, attempt: 1, observedAt: at === undefined ? 0 : timestampMs(at) };
    const { case: kind, value } = command;
    switch (kind) {
      case "completeStep":
        return this.#record({
          ...about,
          kind: "function",
          type: "completed",
          attempt: value.attempt,
          payload: value.output,
        });
      case "failStep":
        return this.#fail({ ...about, kind: "function", attempt: value.attempt, error: errorOf(value.error) });
      case "startSleep":
        return this.#wait({ ...about, kind: "sleep" }, Number(value.until.value ?? 0n));
      case "startEventWait":
        return this.#wait(
          { ...about, kind: "event" },
          value.timeoutMs === undefined ? undefined : Number(value.timeoutMs),
        );
      case "completeSleep":
        return this.#record({ ...about, kind: "sleep", type: "completed" });
      case "completeEventWait":
        return this.#record({ ...about, kind: "event", type: "completed" });
      case "startChild":
        return this.#startChild(about, value.workflow?.runId ?? "");
      case "sendEvent":
        return this.#sendEvent(about);
      case "takeMessage":
        return this.#takeMessage(about, value.position);
      case "cancelStep":
        this.running.delete(value.childRunId ?? "");
        return this.#record({ ...about, kind: KINDS[value.kind] ?? "function", type: "cancelled" });
      case "cancelling":
        this.history.push({
          kind: "run",
          type: "cancelling",
          error: errorOf(value.error),
          observedAt: about.observedAt,
        });
        return undefined;
      default:
        throw new Error(`what is ${String(kind)}?`);
    }
  }

  #startChild(about: Omit<StepRecord, "type" | "kind">, childRunId: string): Decision | undefined {
    const seq = this.history.length + 1;
    if (this.#canStart()) {
      this.running.add(childRunId);
      this.#record({ ...about, kind: "child", type: "started", childRunId });
      return { seq, type: RecordType.STARTED };
    }
    const error = create(ErrorDetailSchema, { message: "cannot be started" });
    this.#record({ ...about, kind: "child", type: "failed", error });
    return { seq, type: RecordType.FAILED, error };
  }

  #sendEvent(about: Omit<StepRecord, "type" | "kind">): Decision {
    const seq = this.history.length + 1;
    if (this.#canStart()) {
      this.#record({ ...about, kind: "function", type: "completed" });
      return { seq, type: RecordType.COMPLETED };
    }
    const error = create(ErrorDetailSchema, { message: "cannot be sent" });
    this.#record({ ...about, kind: "function", type: "failed", error });
    return { seq, type: RecordType.FAILED, error };
  }

  #takeMessage(about: Omit<StepRecord, "type" | "kind">, position: number): undefined {
    const message = this.#inbox.get(position);
    if (message === undefined) throw new Error(`message ${position} was taken twice`);
    this.#inbox.delete(position);
    const kind = message.childRunId === undefined ? "event" : "child";
    const { error, payload } = create(RunSignalsSchema, { messages: [message] }).messages[0] ?? {};
    if (error === undefined) this.#record({ ...about, kind, type: "completed", payload });
    else this.#record({ ...about, kind, type: "failed", error });
  }

  #wait(about: Omit<StepRecord, "type">, ms: number | undefined): Decision | undefined {
    const dueAt = ms === undefined ? undefined : this.#now() + ms;
    return this.#record({ ...about, type: "started", dueAt }, dueAt);
  }

  #fail(failure: Omit<Extract<StepRecord, { type: "failed" }>, "type">): Decision | undefined {
    if (failure.attempt >= TRIES) {
      this.#record({ ...failure, type: "failed" });
      return { seq: this.history.length, type: RecordType.FAILED };
    }
    const dueAt = this.#now() + RETRY_MS;
    return this.#record({ ...failure, type: "retrying", dueAt }, dueAt);
  }

  #record(record: StepRecord, dueAt?: number): Decision | undefined {
    this.history.push(record);
    if (dueAt === undefined) return undefined;
    const type = record.type === "started" ? RecordType.STARTED : RecordType.RETRYING;
    return { seq: this.history.length, type, dueAt: timestampFromMs(dueAt) };
  }
}

const FOR_OTHERS: ReadonlySet<string | undefined> = new Set(["startChild", "cancelStep", "sendEvent"]);
const KINDS: Readonly<Record<number, StepRecord["kind"]>> = { 1: "function", 2: "sleep", 3: "event", 4: "child" };

function errorOf(error: ErrorDetail | undefined): ErrorDetail {
  return error ?? create(ErrorDetailSchema);
}
