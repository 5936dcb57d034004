import { MAX_CRASHES } from "@kagzi/core";
import type { ChaosEntry, ChaosLine } from "./entries.ts";
import type { Recorded, RecordedRun } from "./recorded.ts";

export type Line<Kind extends ChaosEntry["kind"]> = Extract<ChaosLine, { kind: Kind }>;

/** The ledger and what the engine has, so that each finds the other quickly. */
export class Evidence {
  readonly lines: readonly ChaosLine[];
  readonly recorded: Recorded;
  readonly runs: ReadonlyMap<string, RecordedRun>;
  readonly leaseMs: number;
  /** What is recorded as given by any step. */
  readonly nonces: ReadonlySet<string>;
  readonly #byKind = new Map<string, unknown[]>();
  readonly #execs = new Map<string, Line<"exec">[]>();

  constructor(lines: readonly ChaosLine[], recorded: Recorded, options: { readonly leaseMs: number }) {
    this.lines = lines;
    this.recorded = recorded;
    this.leaseMs = options.leaseMs;
    this.runs = new Map(recorded.runs.map((run) => [run.run, run]));
    this.nonces = new Set(
      recorded.runs.flatMap(({ outcomes }) => outcomes.flatMap(({ nonce }) => (nonce === undefined ? [] : [nonce]))),
    );
    for (const line of lines) {
      push(this.#byKind, line.kind, line);
      if (line.kind === "exec") push(this.#execs, line.run, line);
    }
  }

  of<Kind extends ChaosEntry["kind"]>(kind: Kind): readonly Line<Kind>[] {
    return (this.#byKind.get(kind) ?? []) as readonly Line<Kind>[];
  }

  /** The executions of the steps of a run. */
  execsOf(run: string): readonly Line<"exec">[] {
    return this.#execs.get(run) ?? [];
  }

  /** The run of a key, by its client's word. */
  runOfKey(key: string): RecordedRun | undefined {
    return this.recorded.runs.find((run) => run.key === key);
  }

  /**
   * Whether the engine took a run for one that ends its workers, after as many of them were ended or stopped. That it did
   * not do so the engine cannot know; an operator can, and retries it. What servers and the database go through, and how
   * slow a worker is that lives, is no reason.
   */
  wasGivenUp(run: string): boolean {
    const { error = "", status } = this.runs.get(run) ?? {};
    if (status !== "failed" || !error.startsWith("POISON")) return false;
    return this.of("fault").filter(({ target }) => isOfWorker(target)).length >= MAX_CRASHES;
  }

  /** Whether, between two times, anything kept a worker from hearing or being heard. */
  wasCutOff(worker: string, from: number, until: number): boolean {
    const overlaps = (begin: number, end: number) => begin <= until && end + this.leaseMs >= from;
    return (
      this.of("fault").some(({ at, ms, target }) => touches(target, worker) && overlaps(at, at + ms)) ||
      this.of("slow").some(({ at, by, ms }) => by === worker && overlaps(at - ms, at))
    );
  }
}

/** Whether it is a process with a worker in it, and not a link of one. */
function isOfWorker(target: string): boolean {
  return /^(worker-\d+|embedded)$/u.test(target);
}

function touches(target: string, worker: string): boolean {
  if (target === worker || target.startsWith(`${worker} `)) return true;
  return isShared(target);
}

/** Whether every worker needs it. */
export function isShared(target: string): boolean {
  return target.startsWith("server-") || target === "database" || target === "embedded";
}

export function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** Entries that are there more than once. */
export function repeated(keys: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
