import { ChildWorker } from "./child-worker.ts";
import type { ShownWorkflow } from "./messages.ts";
import type { FileWorkerSettings } from "./start-worker.ts";

/** What there is to say of a worker that is looked after. */
export interface HostEvents {
  /** It takes runs, for the first time, or with new code. */
  ready(workflows: readonly ShownWorkflow[], took: { readonly ms: number; readonly isReload: boolean }): void;
  /** Its files cannot be used; the worker from before, if there is one, goes on. */
  failed(message: string, hasOther: boolean): void;
  /** Its process ended by itself, and another one is started after a while. */
  crashed(code: number | NodeJS.Signals, againInMs: number): void;
  /** It imports a file. */
  loaded(file: string): void;
}

const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 10_000;
/** A worker that lived so long is no longer one that dies at once. */
const GOOD_AGE_MS = 30_000;
/** Beyond what the worker itself allows its functions, for its last words. */
const FAREWELL_MS = 8000;

/** Keeps one worker at work: starts it again when it dies, and puts one with new code in its place. */
export class WorkerHost {
  readonly #settings: FileWorkerSettings & { readonly shutdownTimeout: number };
  readonly #events: HostEvents;
  readonly #children = new Set<ChildWorker>();
  #current: ChildWorker | undefined;
  #next: ChildWorker | undefined;
  #deaths = 0;
  #again: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(settings: FileWorkerSettings & { readonly shutdownTimeout: number }, events: HostEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Starts a worker with the files as they are now. It takes the place of the one that works as soon as it is ready, and not before. */
  load(): void {
    if (this.#stopped) return;
    clearTimeout(this.#again);
    this.#next?.kill();
    const startedAt = Date.now();
    const isOver = () => child !== this.#next && child !== this.#current;
    const child: ChildWorker = new ChildWorker(this.#settings, {
      loaded: (file) => this.#events.loaded(file),
      ready: (workflows) => {
        if (isOver()) return;
        const before = this.#current;
        this.#current = child;
        this.#next = undefined;
        this.#events.ready(workflows, { ms: Date.now() - startedAt, isReload: before !== undefined });
        if (before !== undefined) void this.#end(before);
      },
      failed: (message) => {
        if (isOver()) return;
        this.#next = undefined;
        this.#events.failed(message, this.#current !== undefined);
      },
      exited: (code) => {
        this.#children.delete(child);
        if (!isOver() && !this.#stopped) this.#died(child, { code, age: Date.now() - startedAt });
      },
    });
    this.#next = child;
    this.#children.add(child);
  }

  /** New code deserves a new chance. */
  reload(): void {
    this.#deaths = 0;
    this.load();
  }

  /** Lets what runs come to its end, and ends all processes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    this.#next?.kill();
    await Promise.all(Array.from(this.#children, (child) => this.#end(child)));
  }

  /** Ends all processes at once. */
  kill(): void {
    this.#stopped = true;
    clearTimeout(this.#again);
    for (const child of this.#children) child.kill();
  }

  #end(child: ChildWorker): Promise<void> {
    return child.stop(this.#settings.shutdownTimeout + FAREWELL_MS);
  }

  #died(child: ChildWorker, { age, code }: { readonly age: number; readonly code: number | NodeJS.Signals }): void {
    if (child === this.#next) this.#next = undefined;
    if (child === this.#current) this.#current = undefined;
    this.#deaths = age > GOOD_AGE_MS ? 0 : this.#deaths;
    const againInMs = Math.min(FIRST_BACKOFF_MS * 2 ** this.#deaths, LAST_BACKOFF_MS);
    this.#deaths += 1;
    this.#events.crashed(code, againInMs);
    // One with other code that is on its way takes the place.
    if (this.#next === undefined) this.#again = setTimeout(() => this.load(), againInMs);
  }
}
