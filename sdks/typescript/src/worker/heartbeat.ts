import type { HeartbeatRequestSchema, HeartbeatResponse, WorkerService } from "@kagzi/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { fromConnectError } from "../error-detail.ts";

/** What a worker's heartbeat says. Plain data: it goes from thread to thread. */
export interface Beat {
  readonly held: readonly { readonly runId: string; readonly epoch: number }[];
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
      readonly lost: readonly { readonly runId: string; readonly epoch: number }[];
      readonly drain: boolean;
    }
  | { readonly type: "unknown" };

/** Sends one heartbeat. `undefined` if it did not get through: the next one may. */
export async function sendBeat(
  workers: Client<typeof WorkerService>,
  pulse: Pulse,
  beat: Beat,
): Promise<BeatAnswer | undefined> {
  const request: MessageInitShape<typeof HeartbeatRequestSchema> = {
    workerId: pulse.workerId,
    namespaceId: pulse.namespace,
    activeCount: beat.held.length,
    totalCompleted: BigInt(beat.completed),
    totalFailed: BigInt(beat.failed),
    held: { runs: [...beat.held] },
  };
  try {
    return toAnswer(await workers.heartbeat(request, { timeoutMs: Math.min(5000, pulse.intervalMs) }));
  } catch (error) {
    return fromConnectError(error).code === "NOT_FOUND" ? { type: "unknown" } : undefined;
  }
}

function toAnswer({ lost, drain }: HeartbeatResponse): BeatAnswer {
  return { type: "answer", lost: lost.map(({ runId, epoch }) => ({ runId, epoch })), drain };
}

/** How long after a heartbeat the next one is sent: soon, if it did not get through. */
export function nextBeatMs(pulse: Pulse, answer: BeatAnswer | undefined): number {
  return answer === undefined ? Math.min(1000, pulse.intervalMs / 3) : pulse.intervalMs;
}
