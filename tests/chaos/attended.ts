import type { Program } from "@kagzi/test-support";
import { pause } from "./chance.ts";

const RESTART_MS = 300;
/** How a process ends that could not begin yet: EX_TEMPFAIL. */
export const TRY_AGAIN = 75;

/** How a process is looked after. */
export interface AttendedOptions {
  readonly name: string;
  /** Made anew for each start: what a process is told may change. */
  readonly program: () => Program;
  /** Before a process that was lost is replaced. */
  readonly beforeStart?: () => void;
  /** It ended by itself, in a way that is not its end. */
  readonly onSurprise: (what: string) => void;
}

/** A process that is started again whenever it ends, as a supervisor does, until it is told to stop. */
export class Attended {
  readonly name: string;
  readonly #options: AttendedOptions;
  #program: Program | undefined;
  #isReady = false;
  #isWanted = true;
  #isKilled = false;
  #running: Promise<void> | undefined;
  readonly #outputs: string[] = [];

  constructor(options: AttendedOptions) {
    this.#options = options;
    this.name = options.name;
  }

  /** Whether it does its work, as far as is known. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The last of what each of its lives wrote. */
  get output(): string {
    return [...this.#outputs, this.#program?.output ?? ""].join("\n--- started again\n");
  }

  /** Resolves when it is ready for the first time. */
  async start(): Promise<void> {
    this.#running = this.#attend();
    while (!this.#isReady) await pause(20);
  }

  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
  }

  tell(message: string): void {
    this.#program?.tell(message);
  }

  /** Kills it; it comes back by itself. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#isReady = false;
    await this.#program?.kill();
  }

  /** Resolves when it has ended for good: of itself with 0, or after {@link stop}. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Asks it to end, and lets it rest. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.signal("SIGTERM");
    await this.#running;
  }

  /** Ends it at once and for good. */
  async remove(): Promise<void> {
    this.#isWanted = false;
    await this.kill();
    await this.#running;
  }

  async #attend(): Promise<void> {
    do {
      this.#options.beforeStart?.();
      this.#isKilled = false;
      const program = this.#options.program();
      this.#program = program;
      const exit = await this.#live(program);
      this.#isReady = false;
      if (exit === 0) return;
      if (!this.#isKilled && exit !== TRY_AGAIN) this.#options.onSurprise(`ended with ${exit}:\n${program.output}`);
      this.#outputs.push(program.output);
      if (this.#isWanted) await pause(RESTART_MS);
    } while (this.#isWanted);
  }

  async #live(program: Program): Promise<number | NodeJS.Signals> {
    const started = program.start().then(
      () => (this.#isReady = this.#program === program && !this.#isKilled),
      () => false,
    );
    // It is spawned by now; whether it ever became ready does not matter to when it ends.
    const exit = await program.exited();
    await started;
    return exit;
  }
}
