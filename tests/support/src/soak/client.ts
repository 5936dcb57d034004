import { Client, KagziError } from "kagzi";
import type { Load, Loaded } from "./probed.ts";
import { type SoakInput, soakInput, soakWorkflowOf } from "./workflows.ts";

// A client process of the soak: does what it is told over IPC, and removes every run that it has the result of, and every
// child, so that tables do not grow for another reason than a leak.

const ENDED = ["completed", "failed", "cancelled"] as const;
const REMOVED_AT_ONCE = 4;
const PAGE = 500;

const client = new Client();
let number = 0;

process.on("message", (message: unknown) => {
  if (typeof message === "object" && message !== null && "load" in message) void work(message as Load);
});
process.on("disconnect", () => process.exit());
// It waits for its orders.
process.channel?.ref();
process.send?.("ready");

async function work({ atOnce, load, rate, runs }: Load): Promise<void> {
  const begun = performance.now();
  const latencies = new Map<string, number[]>();
  const wrong: string[] = [];
  const counts = { completed: 0, failed: 0 };
  let left = runs;
  let next = begun;
  const lane = async () => {
    while (left-- > 0) {
      if (rate > 0) {
        next = Math.max(next + 1000 / rate, performance.now() - 1000);
        await pause(next - performance.now());
      }
      const input = soakInput(number++);
      const ofKind = latencies.get(input.kind) ?? [];
      latencies.set(input.kind, ofKind);
      const problem = await one(input, ofKind).catch((error: unknown) => String(error));
      counts[input.kind === "fails" ? "failed" : "completed"] += 1;
      if (problem !== undefined) wrong.push(`run ${input.n} (${input.kind}): ${problem}`);
    }
  };
  let isOver = false;
  const removing = removeChildren(() => isOver);
  await Promise.all(Array.from({ length: atOnce }, lane));
  isOver = true;
  await removing;
  const all = [...latencies.values()].flat();
  const p99ByKind = Object.fromEntries(Array.from(latencies, ([kind, each]) => [kind, quantile(each, 0.99)]));
  const seconds = (performance.now() - begun) / 1000;
  const loaded: Loaded = {
    load,
    ...counts,
    wrong,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    p99ByKind,
    seconds,
  };
  process.send?.({ load, loaded });
}

/** Starts a run, waits for it, notes how long that took, and removes it. Answers with what is wrong with it. */
async function one(input: SoakInput, latencies: number[]): Promise<string | undefined> {
  const since = performance.now();
  const run = await client.start(soakWorkflowOf(input), input, { id: `soak-${input.n}` });
  if (input.kind === "event") await run.send("go", input.n);
  const outcome = await run.result({ timeout: "5m" }).catch((error: unknown) => error);
  latencies.push(performance.now() - since);
  await client.runs.delete(run.id);
  if (input.kind === "fails") return outcome instanceof KagziError ? undefined : `came to ${String(outcome)}`;
  return outcome === input.n ? undefined : `came to ${String(outcome)}`;
}

/** Nobody but their parents knows of them. */
async function removeChildren(isOver: () => boolean): Promise<void> {
  for (;;) {
    const wasOver = isOver();
    const { items } = await client.runs.list({ workflow: "soak-link", status: ENDED }).page({ size: PAGE });
    const ids = items.map(({ id }) => id);
    const lane = async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) await client.runs.delete(id);
    };
    await Promise.all(Array.from({ length: REMOVED_AT_ONCE }, lane));
    if (wasOver && items.length === 0) return;
    if (!wasOver) await pause(200);
  }
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
