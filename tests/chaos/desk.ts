import { type Client, KagziError, type RunHandle } from "kagzi";
import { type Chance, pause } from "./chance.ts";
import type { ChaosEntry, Ending, Output } from "./entries.ts";

/** What a desk works with. */
export interface DeskOptions {
  readonly key: string;
  readonly clients: readonly Client[];
  readonly chance: Chance;
  readonly append: (entry: ChaosEntry) => Promise<void>;
}

/** How a started run may be spoken of. */
interface About {
  readonly key?: string;
  readonly hears?: readonly Output["heard"][];
}

const NOT_NOW = new Set(["UNAVAILABLE", "TIMEOUT"]);

/**
 * Makes the calls of one piece of business, over any of the clients, each again and again until it is answered; what was
 * asked and answered goes into the ledger. All of it has ids, so that it may be done anew from its beginning.
 */
export class Desk {
  readonly key: string;
  readonly chance: Chance;
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.key = options.key;
    this.chance = options.chance;
    this.#options = options;
  }

  async start(workflow: string, input: object, about: About = {}): Promise<RunHandle<unknown>> {
    const { hears, key = this.key } = about;
    await this.#options.append({ kind: "start", key, workflow, ...(hears && { hears }) });
    const run = await this.#insist((client) => client.start(workflow, { key: this.key, ...input }, { id: key }));
    await this.#options.append({ kind: "ackStart", key, run: run.id });
    return run;
  }

  /** Sends an event to everyone, and now and then twice. */
  async send(name: string, payload: unknown, id: string): Promise<void> {
    const once = () => this.#insist((client) => client.send(name, payload, { id, key: this.key }));
    await Promise.all(this.chance.isLucky(0.2) ? [once(), once()] : [once()]);
    await this.#options.append({ kind: "ackSend", id, name });
  }

  /** Sends an event to one run, and now and then twice. */
  async tell(run: RunHandle<unknown>, name: string, payload: unknown): Promise<void> {
    const id = `${this.key} ${name}`;
    const once = () => this.#insist((client) => told(client, run.id, { name, payload, id }));
    const kept = await Promise.all(this.chance.isLucky(0.2) ? [once(), once()] : [once()]);
    if (kept.includes(true)) await this.#options.append({ kind: "ackSend", id, name, run: run.id });
  }

  async cancel(run: RunHandle<unknown>): Promise<void> {
    const { cancelRequested } = await this.#insist((client) => client.run(run.id).cancel("as planned"));
    await this.#options.append({ kind: "ackCancel", run: run.id, wins: cancelRequested !== undefined });
  }

  /** Waits for the end of a run, and answers with how it ended. */
  async end(run: RunHandle<unknown>): Promise<Ending> {
    const { output, status } = await this.#insist((client) => outcome(client, run.id));
    await this.#options.append({ kind: "ackResult", run: run.id, status, ...(output && { output }) });
    return status;
  }

  pause(longestMs: number): Promise<void> {
    return pause(this.chance.next() * longestMs);
  }

  async #insist<Answer>(make: (client: Client) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await make(this.chance.of(this.#options.clients));
      } catch (error) {
        if (error instanceof KagziError && NOT_NOW.has(error.code)) continue;
        const what = error instanceof KagziError ? `${error.code} ${error.message}` : String(error);
        await this.#options.append({ kind: "surprise", by: `client of ${this.key}`, what });
        throw error;
      }
    }
  }
}

/** Sends an event to a run. `false` if that has ended: whether it may have is for the check to say. */
async function told(
  client: Client,
  runId: string,
  event: { readonly name: string; readonly payload: unknown; readonly id: string },
): Promise<boolean> {
  try {
    await client.run(runId).send(event.name, event.payload, { id: event.id });
    return true;
  } catch (error) {
    if (error instanceof KagziError && error.code === "PRECONDITION_FAILED") return false;
    throw error;
  }
}

/** How a run ended. One that failed or was cancelled has no output, and that is its end. */
async function outcome(client: Client, runId: string): Promise<{ readonly status: Ending; readonly output?: Output }> {
  const run = client.run<Output>(runId);
  try {
    return { status: "completed", output: await run.result() };
  } catch (error) {
    if (error instanceof KagziError && NOT_NOW.has(error.code)) throw error;
    const { status } = await run.status();
    if (status === "failed" || status === "cancelled") return { status };
    throw error;
  }
}
