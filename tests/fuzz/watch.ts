/** Calls that wait by design are cut off after this. */
const PATIENCE_MS = 40;
/** A call that has not ended by then, cut off and all, hangs: however busy the machine is. */
const HANGS_MS = 60_000;
/** Of the processor's time, without a turn of the event loop. */
const BLOCKS_CPU_MS = 1000;
const LOOK_MS = 10;

interface UnderWay {
  readonly name: string;
  readonly since: number;
  readonly controller: AbortController;
}

/** Sees that no call takes for ever, and that none keeps the event loop to itself. */
export class Watch {
  readonly #onBroken: (law: string) => void;
  readonly #underWay = new Set<UnderWay>();
  #timer: NodeJS.Timeout | undefined;
  #cpu = process.cpuUsage();

  constructor(onBroken: (law: string) => void) {
    this.#onBroken = onBroken;
  }

  begin(): void {
    this.#cpu = process.cpuUsage();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async over<Result>(name: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const underWay = { name, since: performance.now(), controller };
    this.#underWay.add(underWay);
    try {
      return await work(controller.signal);
    } finally {
      this.#underWay.delete(underWay);
    }
  }

  #look(): void {
    const { system, user } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    const names = () => Array.from(this.#underWay, ({ name }) => name).join(", ");
    const ms = (system + user) / 1000;
    if (ms > BLOCKS_CPU_MS)
      this.#onBroken(`the event loop did not turn for ${ms} ms of processor time, with ${names()}`);
    const now = performance.now();
    for (const { controller, name, since } of this.#underWay) {
      if (now - since > PATIENCE_MS && !controller.signal.aborted) controller.abort();
      if (now - since > HANGS_MS) {
        this.#onBroken(`${name} has not ended after ${HANGS_MS} ms, though its caller has gone`);
      }
    }
  }
}
