import type { HeartbeatRequestSchema, HeartbeatResponse, WorkerService } from "@kagzi/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { fromConnectError } from "../error-detail.ts";
import type { HeldLease } from "./lease-watch.ts";

/** What a worker's heartbeat says. Plain data: it goes from thread to thread. */
export interface Beat {
  readonly held: readonly HeldLease[];
  readonly completed: number;
  readonly failed: number;
}

/** Who sends heartbeats, and how often. */
export interface Pulse {
  readonly namespace: string;
  readonly workerId: string;
  readonly intervalMs: number;
}

/** What comes back. */
export type BeatAnswer =
  | {
      readonly type: "answer";
      readonly lost: readonly HeldLease[];
      readonly drain: boolean;
      /** What the heartbeat named. */
      readonly named: readonly HeldLease[];
      /** When it was sent, by the clock that `sendBeat` was given. */
      readonly sentAt: number;
    }
  | { readonly type: "unknown" };

/** Sends one heartbeat. `undefined` if it did not get through: the next one may. */
export async function sendBeat(
  workers: Client<typeof WorkerService>,
  pulse: Pulse,
  { beat, now }: { readonly beat: Beat; readonly now: () => number },
): Promise<BeatAnswer | undefined> {
  const sentAt = now();
  const request: MessageInitShape<typeof HeartbeatRequestSchema> = {
    workerId: pulse.workerId,
    namespaceId: pulse.namespace,
    activeCount: beat.held.length,
    totalCompleted: BigInt(beat.completed),
    totalFailed: BigInt(beat.failed),
    held: { runs: [...beat.held] },
  };
  try {
    const answer = await workers.heartbeat(request, { timeoutMs: Math.min(5000, pulse.intervalMs) });
    return { ...toAnswer(answer), named: beat.held, sentAt };
  } catch (error) {
    return fromConnectError(error).code === "NOT_FOUND" ? { type: "unknown" } : undefined;
  }
}

function toAnswer({ lost, drain }: HeartbeatResponse) {
  return { type: "answer" as const, lost: lost.map(({ runId, epoch }) => ({ runId, epoch })), drain };
}

/** Milliseconds that only go forward, the same ones in every thread of a process; they go on while it is stopped. */
export function threadsNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** How long after a heartbeat the next one is sent: soon, if it did not get through. */
export function nextBeatMs(pulse: Pulse, answer: BeatAnswer | undefined): number {
  return answer === undefined ? Math.min(1000, pulse.intervalMs / 3) : pulse.intervalMs;
}
