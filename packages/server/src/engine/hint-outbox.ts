import type { DispatchKey, Hint, Hints, NamespaceId, RunId, WorkerId } from "@kagzi/core";
import type { Env } from "./env.ts";
import { type Log, errorField } from "./log.ts";

/** Hints are gathered for so long: sending one takes a lock that all commits of a database share. */
const GATHER_MS = 50;
/** More ended runs than this in one go are told as "many": the listeners then look for themselves. */
const MANY = 16;

/** Sends hints to other servers, gathered and without repeats. */
export class HintOutbox {
  readonly #hints: Hints;
  readonly #env: Env;
  readonly #log: Log;
  readonly #ready = new Map<string, DispatchKey>();
  readonly #signalled = new Map<WorkerId, NamespaceId>();
  readonly #ended = new Set<RunId>();
  #cancelTimer: (() => void) | undefined;

  constructor(hints: Hints, env: Env, log: Log) {
    this.#hints = hints;
    this.#env = env;
    this.#log = log;
  }

  ready(key: DispatchKey): void {
    this.#ready.set(JSON.stringify(key), key);
    this.#schedule();
  }

  /** A run that this worker holds has been sent something. */
  signal(namespaceId: NamespaceId, workerId: WorkerId): void {
    this.#signalled.set(workerId, namespaceId);
    this.#schedule();
  }

  ended(runId: RunId): void {
    this.#ended.add(runId);
    this.#schedule();
  }

  close(): void {
    this.#cancelTimer?.();
  }

  #schedule(): void {
    this.#cancelTimer ??= this.#env.setTimer(GATHER_MS, () => {
      this.#cancelTimer = undefined;
      this.#hints.send(this.#take()).catch((error: unknown) => {
        // Nobody depends on a hint.
        this.#log.debug("a hint was not sent", { error: errorField(error) });
      });
    });
  }

  #take(): Hint[] {
    const ended: Hint[] =
      this.#ended.size > MANY
        ? [{ about: "ended" }]
        : Array.from(this.#ended, (runId): Hint => ({ about: "ended", runId }));
    const hints: Hint[] = [
      ...Array.from(this.#ready.values(), (key): Hint => ({ about: "ready", key })),
      ...Array.from(this.#signalled, ([workerId, namespaceId]): Hint => ({ about: "signal", namespaceId, workerId })),
      ...ended,
    ];
    this.#ready.clear();
    this.#signalled.clear();
    this.#ended.clear();
    return hints;
  }
}
