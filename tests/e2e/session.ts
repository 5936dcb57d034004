import { type ChildProcess, spawn } from "node:child_process";

/** A program that somebody runs in a terminal, and looks at. */
export class Session {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #looks = () => {};
  #output = "";
  #read = 0;

  constructor(
    words: readonly [string, ...string[]],
    options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    const [command, ...args] = words;
    // A group of its own, which is what a terminal sends its keys to.
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const keep = (chunk: Buffer) => {
      this.#output += chunk.toString();
      this.#looks();
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.#ended = new Promise((resolve) => this.#child.once("close", () => resolve()));
    void this.#ended.then(() => this.#looks());
  }

  /** All that it wrote. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until it writes this, after what was waited for before. @throws Error if it ends before that */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const looked = new Promise<void>((resolve) => (this.#looks = resolve));
      const found = pattern.exec(this.#output.slice(this.#read));
      if (found !== null) {
        this.#read += found.index + found[0].length;
        return found;
      }
      if (this.#isOver) throw new Error(`it ended and never wrote ${String(pattern)}:\n${this.#output}`);
      await looked;
    }
  }

  /** Presses Ctrl-C: each process of the terminal hears it. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** Sends a signal to this process alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, or the signal that ended it, when all that it started is gone, too. */
  async ended(): Promise<number | NodeJS.Signals> {
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode ?? 0;
  }

  /** Ends it and all that it started. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
    await this.#ended;
  }

  get #isOver(): boolean {
    return this.#child.stdout?.closed === true && this.#child.stderr?.closed === true;
  }
}
