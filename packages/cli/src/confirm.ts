import { KagziError } from "@kagzi/core";
import type { Output } from "./output.ts";
import { note } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

/** So many are confirmed by a letter; more by their number. */
const BY_LETTER = 100;

/** What is about to be done. */
export interface Deed {
  /** As in `cancel 12 runs`. */
  readonly verb: string;
  readonly what: string;
  /** Text, because there may be more than were counted. */
  readonly count: string;
  readonly isMany: boolean;
  readonly isAgreed: boolean;
}

/**
 * Says how many there are, and asks whether they are meant. Answers with false where the user does not want to.
 * @throws KagziError `INVALID_ARGUMENT` where there is nobody to ask
 */
export async function confirm(output: Output, signal: AbortSignal, deed: Deed): Promise<boolean> {
  const { cli } = output;
  note(output, deed.count === "1" ? `1 ${deed.what} matches` : `${deed.count} ${deed.what} match`);
  if (deed.isAgreed) return true;
  if (cli.stdin.isTTY !== true || cli.stderr.isTTY !== true) {
    throw new KagziError("INVALID_ARGUMENT", `there is no terminal to ask: give -y to ${deed.verb} them`);
  }
  const wanted = deed.isMany ? deed.count : "y";
  const question = deed.isMany
    ? `type ${deed.count} to ${deed.verb} them: `
    : `${deed.verb} ${deed.count} ${deed.what}? [y/N] `;
  cli.stderr.write(question);
  const answer = await lineFrom(cli.stdin, signal);
  if (answer.trim().toLowerCase() === wanted || (!deed.isMany && answer.trim().toLowerCase() === "yes")) return true;
  note(output, "nothing was done");
  return false;
}

/** Whether so many are too many to agree to by a letter. */
export function areMany(count: number): boolean {
  return count > BY_LETTER;
}

async function lineFrom(source: Surroundings["stdin"], signal: AbortSignal): Promise<string> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new KagziError("CANCELLED", "nothing was done")), { once: true });
  });
  const read = async () => {
    let text = "";
    for await (const chunk of source) {
      text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      if (text.includes("\n")) break;
    }
    return text.split("\n")[0] ?? "";
  };
  return Promise.race([read(), aborted]);
}
