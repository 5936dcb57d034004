import type { KagziError } from "../error.ts";

/** Makes the error that an abort is for: with its stack it costs more than all else that ends a run. */
export type Reason = () => KagziError;

/** A signal that is made when somebody asks for it. Most code never does. */
export class LazySignal {
  #controller: AbortController | undefined;
  #reason: Reason | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  /** The first reason counts. */
  abort(reason: Reason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }
}
