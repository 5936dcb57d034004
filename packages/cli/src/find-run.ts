import { KagziError, isUuid, notFound } from "@kagzi/core";
import type { Client } from "kagzi";

/** Among so many of the newest runs a prefix is looked for. */
const NEWEST = 1000;
const MOST_NAMED = 5;

/**
 * The run that a command means: a whole id, `latest`, or the beginning of an id that only one of the newest runs has.
 * @throws KagziError `INVALID_ARGUMENT` for what cannot begin an id, or begins several; `NOT_FOUND`
 */
export async function findRun(client: Client, text: string): Promise<string> {
  if (isUuid(text)) return text;
  if (text !== "latest" && !/^[0-9a-f-]{1,36}$/u.test(text)) {
    throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(text)} is no run: give an id, its beginning, or latest`);
  }
  const { items } = await client.runs.list().page({ size: text === "latest" ? 1 : NEWEST });
  const found = items.map(({ id }) => id).filter((id) => text === "latest" || id.startsWith(text));
  const [first, second] = found;
  if (first === undefined) throw notFound("run", text, `none of the newest ${NEWEST} runs begins so`);
  if (second === undefined) return first;
  const named = found.slice(0, MOST_NAMED).join(", ");
  throw new KagziError("INVALID_ARGUMENT", `${found.length} runs begin with ${text}: ${named} …; give more of the id`);
}
