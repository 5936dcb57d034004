/** What there is room for. */
export interface RoomOptions {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Counts what is on its way, so that whoever brings more can wait until there is room. What comes all the same is counted,
 * and waited for as well.
 */
export class Room {
  readonly #options: RoomOptions;
  #items = 0;
  #bytes = 0;
  #isFull = false;
  #isClosed = false;
  #waiting: (() => void)[] = [];
  #onChange: (isFull: boolean) => void = () => {};

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Calls `onChange` when it has become full, and when there is room again. */
  watch(onChange: (isFull: boolean) => void): void {
    this.#onChange = onChange;
    if (this.#isFull) onChange(true);
  }

  add(items: number, bytes: number): void {
    this.#items += items;
    this.#bytes += bytes;
    this.#look();
  }

  remove(items: number, bytes: number): void {
    this.#items -= items;
    this.#bytes -= bytes;
    this.#look();
  }

  /** Waits until there is room, or nobody waits for it any more. */
  async free(): Promise<void> {
    while (this.#isFull && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Nobody waits for it any more, and nobody hears of it. */
  close(): void {
    this.#isClosed = true;
    this.#onChange = () => {};
    this.#letGo();
  }

  #look(): void {
    const isFull = this.#items >= this.#options.items || this.#bytes >= this.#options.bytes;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#onChange(isFull);
    if (!isFull) this.#letGo();
  }

  #letGo(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
