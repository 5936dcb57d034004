import { KagziError, type Store } from "@kagzi/core";
import { signal } from "./fixture.ts";

/** Where a process is lost: at the `nth` call of one name, from 1, before the store hears it or after it is committed. */
export interface CommitPoint {
  readonly name: string;
  readonly nth: number;
  readonly when: "before" | "after";
}

type Call = (...about: readonly unknown[]) => Promise<unknown>;

/**
 * A store whose process is lost at a commit point: from then on nothing that it is told reaches the database, and no answer
 * comes out of it, also not those of calls that are under way. Calls are counted from `arm` to `disarm`, as `runs.write`.
 */
export class MortalStore {
  readonly store: Store;
  readonly calls = new Map<string, number>();
  readonly #point: CommitPoint | undefined;
  readonly #lost = signal();
  #isArmed = false;
  #isLost = false;

  constructor(store: Store, point?: CommitPoint) {
    this.#point = point;
    this.store = new Proxy(store, {
      get: (target, part) => {
        const found = Reflect.get(target, part) as unknown;
        if (part === "hints") return target.hints;
        if (typeof found === "function") return this.#mortal(String(part), found.bind(target) as Call);
        return typeof found === "object" && found !== null ? this.#part(String(part), found) : found;
      },
    });
  }

  /** Resolves when the process is lost. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** From now on the point counts. */
  arm(): void {
    this.#isArmed = true;
  }

  /** From now on nothing is lost any more. */
  disarm(): void {
    this.#isArmed = false;
  }

  #part(part: string, calls: object): unknown {
    return new Proxy(calls, {
      get: (target, name) => this.#mortal(`${part}.${String(name)}`, Reflect.get(target, name) as Call),
    });
  }

  #mortal(name: string, call: Call): Call {
    return async (...about) => {
      this.#failIfLost();
      const isPoint = this.#count(name);
      if (isPoint && this.#point?.when === "before") this.#lose();
      this.#failIfLost();
      const answer = await call(...about);
      if (isPoint) this.#lose();
      this.#failIfLost();
      return answer;
    };
  }

  /** Whether this call is the one. */
  #count(name: string): boolean {
    if (!this.#isArmed) return false;
    const nth = (this.calls.get(name) ?? 0) + 1;
    this.calls.set(name, nth);
    return name === this.#point?.name && nth === this.#point.nth;
  }

  #lose(): void {
    this.#isLost = true;
    this.#lost.resolve();
  }

  #failIfLost(): void {
    if (this.#isLost) throw new KagziError("UNAVAILABLE", "the process of this store is lost");
  }
}
