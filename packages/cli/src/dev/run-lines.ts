import { Client, type RunInfo, type RunStatus } from "kagzi";

const LOOK_EVERY_MS = 200;
const ACTIVE: readonly RunStatus[] = ["pending", "running", "sleeping", "waiting", "paused"];
/** The newest runs are looked at, and those that have not ended, as far as they fit in a page. */
const NEWEST = 100;
const MOST = 1000;

/** How a run is known to be. */
type Seen = Pick<RunInfo, "status" | "attempt">;

/** Tells of each run of a namespace what has become of it, beginning with what happens from now on. */
export class RunLines {
  readonly #client: Client;
  readonly #write: (run: RunInfo) => void;
  #seen: ReadonlyMap<string, Seen> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: { readonly url: string; readonly namespace: string; readonly write: (run: RunInfo) => void }) {
    this.#client = new Client({ url: options.url, namespace: options.namespace });
    this.#write = options.write;
  }

  /** What is there now is not told. */
  async start(): Promise<void> {
    await this.#look();
    this.#lookLater();
  }

  /** Tells the last that there is to tell. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#look();
    await this.#client.close();
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
      void this.#looking.finally(() => this.#lookLater());
    }, LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    try {
      const runs = await this.#runs();
      for (const run of runs) if (this.#seen !== undefined && isNews(run, this.#seen.get(run.id))) this.#write(run);
      this.#seen = new Map(runs.map((run) => [run.id, run]));
    } catch {
      // The next look tells it.
    }
  }

  /** Oldest first: those that are new or under way, and those that were when they were last looked at. */
  async #runs(): Promise<readonly RunInfo[]> {
    const { runs } = this.#client;
    const [newest, active] = await Promise.all([
      runs.list().page({ size: NEWEST }),
      runs.list({ status: ACTIVE }).page({ size: MOST }),
    ]);
    const found = new Map([...active.items, ...newest.items].map((run) => [run.id, run]));
    const left = Array.from(this.#seen ?? []).filter(([id, { status }]) => !found.has(id) && ACTIVE.includes(status));
    const ended = await Promise.all(
      left.map(([id]) =>
        this.#client
          .run(id)
          .status()
          .catch(() => undefined),
      ),
    );
    const all = [...found.values(), ...ended.filter((run) => run !== undefined)];
    return all.sort((one, other) => (one.id < other.id ? -1 : 1));
  }
}

/** A run that is handed from one worker to the next is no news. */
function isNews(run: Seen, before: Seen | undefined): boolean {
  return before === undefined || before.status !== run.status || before.attempt !== run.attempt;
}
