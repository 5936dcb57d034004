import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RunAckSchema, RunSignalsSchema, TaskSchema } from "@kagzi/proto";

/** What goes into one message. */
export interface Parts {
  readonly tasks: MessageInitShape<typeof TaskSchema>[];
  readonly acks: MessageInitShape<typeof RunAckSchema>[];
  readonly cancelRunIds: string[];
  readonly signals: MessageInitShape<typeof RunSignalsSchema>[];
  readonly drain: boolean;
}

/** Tasks in one message at most, and as many signals: each task may carry a page of history, both a page of messages. */
const PAGES_PER_MESSAGE = 12;

/** What is to go down a stream. What gathers while a message is on its way goes together in the next one. */
export class Outbox implements AsyncIterable<Parts> {
  readonly #tasks: Parts["tasks"] = [];
  #acks: Parts["acks"] = [];
  #cancelled: string[] = [];
  readonly #signals: Parts["signals"] = [];
  #drain = false;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  push(parts: Partial<Parts>): void {
    if (this.#over) return;
    this.#tasks.push(...(parts.tasks ?? []));
    this.#acks.push(...(parts.acks ?? []));
    this.#cancelled.push(...(parts.cancelRunIds ?? []));
    this.#signals.push(...(parts.signals ?? []));
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
      tasks: this.#tasks.splice(0, PAGES_PER_MESSAGE),
      acks: this.#acks,
      cancelRunIds: this.#cancelled,
      // What belongs to a task comes after it.
      signals: this.#tasks.length > 0 ? [] : this.#signals.splice(0, PAGES_PER_MESSAGE),
      drain: this.#drain,
    };
    this.#acks = [];
    this.#cancelled = [];
    this.#drain = false;
    return parts;
  }
}
