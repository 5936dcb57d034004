import { createHash } from "node:crypto";

/** Lines that go into the hash at once. */
const CHUNK = 64;

/** Everything that happened, in order: always as a hash, and as lines where somebody wants to read them. */
export class Trace {
  readonly #hash = createHash("sha256");
  readonly #kept: string[] | undefined;
  #chunk: string[] = [];
  lines = 0;

  constructor({ keep }: { readonly keep: boolean }) {
    this.#kept = keep ? [] : undefined;
  }

  add(line: string): void {
    this.lines += 1;
    this.#kept?.push(line);
    if (this.#chunk.push(line) === CHUNK) this.#flush();
  }

  /** All lines, if they were kept. */
  get kept(): readonly string[] {
    return this.#kept ?? [];
  }

  /** Of all lines. Nothing can be added after this. */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex").slice(0, 32);
  }

  #flush(): void {
    this.#hash.update(this.#chunk.join("\n"));
    this.#hash.update("\n");
    this.#chunk = [];
  }
}
