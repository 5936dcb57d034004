import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Call } from "../replay/replay.ts";
import type { WireActivity } from "./update-buffer.ts";

/** Notices when a run has been busy with the same for a while: what takes no time is not worth a word. */
export class ActivityReport {
  /** Functions that run, by their attempt, and since when as far as was looked. */
  #seen = new Map<string, number>();
  #before: string | undefined;
  #reported: string | undefined;

  /** What is to be said; `undefined` if that is nothing new, or not the same as at the last look. */
  look(running: Iterable<Call>, seq: number, now: number): WireActivity | undefined {
    const calls = Array.from(running, (call) => ({ call, what: `${call.key} ${call.failures}` }));
    this.#seen = new Map(calls.map(({ what }) => [what, this.#seen.get(what) ?? now]));
    // A run that gets on is busy with something else each time.
    const what = JSON.stringify([seq, ...this.#seen.keys()]);
    const isTheSame = what === this.#before;
    this.#before = what;
    if (!isTheSame || what === this.#reported) return undefined;
    this.#reported = what;
    const steps = calls.map(({ call: { failures, name, occurrence }, what: which }) => {
      const startedAt = timestampFromMs(this.#seen.get(which) ?? now);
      return { stepName: name, occurrence, attempt: failures + 1, startedAt };
    });
    return { steps: steps.slice(0, 1000) };
  }
}
