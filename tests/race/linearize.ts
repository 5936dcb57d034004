import { type Call, type World, answerOf, take, viewOfWorld } from "@kagzi/store-conformance/model";

/** A call of a client, what was answered, and when it was made and answered, by one count for all clients. */
export interface Made {
  readonly call: Call;
  readonly answer: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Looks for an order in which the calls, one after the other, would have been answered so and left this: one that puts no call before
 * another that had been answered when it was made. Answers whether there is one.
 */
export function isLinearizable(begin: World, made: readonly Made[], seen: string): boolean {
  const dead = new Set<string>();
  const search = (world: World, left: readonly Made[]): boolean => {
    if (left.length === 0) return viewText(world) === seen;
    const key = `${left.map(({ from }) => from).join()} ${JSON.stringify(world)}`;
    if (dead.has(key)) return false;
    const firstAnswer = Math.min(...left.map(({ to }) => to));
    for (const next of left) {
      if (next.from > firstAnswer) continue;
      const after = worldAfter(world, next);
      if (after === undefined) continue;
      if (
        search(
          after,
          left.filter((each) => each !== next),
        )
      )
        return true;
    }
    dead.add(key);
    return false;
  };
  return search(begin, made);
}

/** The world after a call, if it may be answered so. */
function worldAfter(world: World, { answer, call }: Made): World | undefined {
  const after = structuredClone(world);
  const expected = answerOf(after, call);
  const isSame = expected === answer || (call.do === "heartbeat" && isOfHeartbeat(after, answer, expected));
  if (call.do === "claim") return worldAfterClaim(world, call.workerId, answer);
  if (isSame) return after;
  return SKIPS[call.do] === answer ? world : undefined;
}

/**
 * What is answered where somebody else has a run locked: it is left for the next time, and nobody waits for it. And a write that was refused
 * before it fitted is told to read the run anew: why it was refused is asked afterwards.
 */
const SKIPS: Partial<Record<Call["do"], string>> = {
  takeOver: "left",
  hear: "",
  unblock: "0",
  write: "refused reload",
};

/** A heartbeat may still name a lease that is taken back at the same moment: neither waits for the other. The next one tells. */
function isOfHeartbeat({ runs }: World, answer: string, expected: string): boolean {
  const [named, held] = [eachOf(answer), eachOf(expected)];
  const isLost = (lease: string) =>
    [...leasesOf(lease)].every(([runId, epoch]) => runs[runId]?.epoch === epoch && runs[runId].status !== "running");
  return held.every((lease) => named.includes(lease)) && named.every((lease) => held.includes(lease) || isLost(lease));
}

function eachOf(answer: string): readonly string[] {
  return answer.split(", ").filter((each) => each !== "");
}

function leasesOf(answer: string): ReadonlyMap<string, number> {
  return new Map(
    Array.from(answer.matchAll(/([0-9a-f-]{36}) (\d+)/g), ([, runId = "", epoch]) => [runId, Number(epoch)]),
  );
}

/** A claim takes what is ready, but for what others have locked. */
function worldAfterClaim(world: World, workerId: string, answer: string): World | undefined {
  const after = structuredClone(world);
  for (const [runId, epoch] of leasesOf(answer)) {
    const run = after.runs[runId];
    if (run?.availableAt === undefined || run.availableAt > after.now || run.epoch + 1 !== epoch) return undefined;
    if ((after.workers[workerId] ?? 0) < after.now) return undefined;
    if ((run.deadlineAt ?? Infinity) <= after.now) return undefined;
    take(after, run, workerId);
  }
  return after;
}

/** What a place shows, as text that is the same for the same. */
export function viewText(world: World): string {
  return textOf(viewOfWorld(world));
}

export function textOf(view: ReturnType<typeof viewOfWorld>): string {
  return JSON.stringify(
    Object.entries(view).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    undefined,
    1,
  );
}
