/**
 * Tells when there is something to send, not more often than once in a turn of the event loop: what all runs have to say
 * in one turn goes into one message.
 */
export class Gather {
  #wake: (() => void) | undefined;
  #isDue = false;
  #over = false;

  /** There is something to send. */
  notify(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // After everything that is ready now has run: a step's end, what the code makes of it, and the run's end go together.
    setImmediate(() => this.#wake?.());
  }

  /** Resolves when there is something to send; with `false` when there will be nothing any more. */
  async next(): Promise<boolean> {
    if (!this.#isDue && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    const due = this.#isDue;
    this.#isDue = false;
    return due || !this.#over;
  }

  end(): void {
    this.#over = true;
    this.#wake?.();
  }
}
