import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RunAckSchema, RunSignalsSchema, TaskSchema } from "@kagzi/proto";
import type { Room } from "./room.ts";

/** What goes into one message. */
export interface Parts {
  readonly tasks: MessageInitShape<typeof TaskSchema>[];
  readonly acks: MessageInitShape<typeof RunAckSchema>[];
  readonly cancelRunIds: string[];
  readonly signals: MessageInitShape<typeof RunSignalsSchema>[];
  readonly drain: boolean;
}

/** Tasks in one message at most, and as many signals. */
const ITEMS_PER_MESSAGE = 50;
/** Bytes of payloads after which no more goes into a message, so that it stays well below what workers take. */
const BYTES_PER_MESSAGE = 16 * 1024 * 1024;

/**
 * What is to go down a stream. What gathers while a message is on its way goes together in the next one, and takes room
 * until then: that of a worker that reads slowly gathers here.
 */
export class Outbox implements AsyncIterable<Parts> {
  readonly #tasks: Parts["tasks"] = [];
  #acks: Parts["acks"] = [];
  #cancelled: string[] = [];
  readonly #signals: Parts["signals"] = [];
  #drain = false;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  /** For what waits here. */
  readonly room: Room;

  constructor(room: Room) {
    this.room = room;
  }

  push(parts: Partial<Parts>): void {
    if (this.#over) return;
    const { acks = [], cancelRunIds = [], signals = [], tasks = [] } = parts;
    this.#tasks.push(...tasks);
    this.#acks.push(...acks);
    this.#cancelled.push(...cancelRunIds);
    this.#signals.push(...signals);
    this.room.add(tasks.length + acks.length + signals.length, bytesOf({ tasks, signals }));
    this.#drain ||= parts.drain ?? false;
    this.#wake?.();
  }

  /** Ends the stream after what is in it. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** Ends the stream with an error. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Parts> {
    for (;;) {
      while (!this.#isEmpty) yield this.#take();
      if (this.#error !== undefined) throw this.#error;
      if (this.#over) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  get #isEmpty(): boolean {
    return this.#tasks.length + this.#acks.length + this.#cancelled.length + this.#signals.length === 0 && !this.#drain;
  }

  #take(): Parts {
    const parts = {
      tasks: takeSome(this.#tasks, taskBytes),
      acks: this.#acks,
      cancelRunIds: this.#cancelled,
      // What belongs to a task comes with it or after it.
      signals: this.#tasks.length > 0 ? [] : takeSome(this.#signals, signalBytes),
      drain: this.#drain,
    };
    this.#acks = [];
    this.#cancelled = [];
    this.#drain = false;
    const { acks, signals, tasks } = parts;
    this.room.remove(tasks.length + acks.length + signals.length, bytesOf(parts));
    return parts;
  }
}

/** Takes the first items, at least one. */
function takeSome<Item>(items: Item[], bytesOfItem: (item: Item) => number): Item[] {
  let count = 0;
  for (let bytes = 0; count < Math.min(items.length, ITEMS_PER_MESSAGE) && bytes < BYTES_PER_MESSAGE; count++) {
    const item = items[count];
    bytes += item === undefined ? 0 : bytesOfItem(item);
  }
  return items.splice(0, count);
}

function bytesOf({ signals, tasks }: Pick<Parts, "tasks" | "signals">): number {
  const ofTasks = tasks.reduce((bytes, task) => bytes + taskBytes(task), 0);
  return signals.reduce((bytes, signal) => bytes + signalBytes(signal), ofTasks);
}

function taskBytes({ history = [], signals }: Parts["tasks"][number]): number {
  const records = history.reduce((bytes, { payload }) => bytes + payloadSize(payload), 0);
  return records + (signals === undefined ? 0 : signalBytes(signals));
}

function signalBytes({ messages = [] }: Parts["signals"][number]): number {
  return messages.reduce((bytes, { payload }) => bytes + payloadSize(payload), 0);
}

function payloadSize(payload: { readonly data?: Uint8Array } | undefined): number {
  return payload?.data?.length ?? 0;
}
