/** How many more may be under way after as many as may have been done, once it is known how many are too many. */
const GROWTH = 10;

/**
 * Work that waits for its turn, in the order in which it came. How much is under way at once finds itself: it grows with
 * what is done, and shrinks with what is refused, so that what nobody can take waits here and is not offered in vain.
 */
export class Turns {
  readonly #most: number;
  #limit: number;
  #taken = 0;
  #wasRefused = false;
  readonly #waiting = new Set<() => void>();

  constructor({ first, most }: { readonly first: number; readonly most: number }) {
    this.#limit = first;
    this.#most = most;
  }

  /** One that was under way was refused: one less may be. */
  refused(): void {
    this.#wasRefused = true;
    this.#limit = Math.max(1, this.#limit - 1);
  }

  /** One that was under way was taken. */
  done(): void {
    this.#limit = Math.min(this.#most, this.#limit + (this.#wasRefused ? GROWTH / this.#limit : 1));
  }

  /** Does the work when it is its turn; at once, without its turn, for a caller who gives up meanwhile. */
  async take<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
    if (this.#taken < Math.floor(this.#limit)) this.#taken += 1;
    else if (!(await this.#itsTurn(signal))) return work();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** `false` if the caller has given up. */
  #itsTurn(signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve(false);
      const begin = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve(true);
      };
      const giveUp = () => {
        this.#waiting.delete(begin);
        resolve(false);
      };
      this.#waiting.add(begin);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #leave(): void {
    this.#taken -= 1;
    for (const next of this.#waiting) {
      if (this.#taken >= Math.floor(this.#limit)) return;
      this.#taken += 1;
      this.#waiting.delete(next);
      next();
    }
  }
}
