/** Values that come one after the other, for one who waits for them. */
export class Pipe<Value> implements AsyncIterable<Value> {
  readonly #values: Value[] = [];
  #end: { readonly error: unknown } | undefined;
  #wake = () => {};

  push(value: Value): void {
    if (this.#end !== undefined) return;
    this.#values.push(value);
    this.#wake();
  }

  /** Nothing follows; with an error, that is how it ends. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) yield value;
      else if (this.#end?.error !== undefined) throw this.#end.error;
      else if (this.#end !== undefined) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
