import { Worker as Thread } from "node:worker_threads";
import type { Connection } from "../connection.ts";
import type { Runtime } from "../runtime.ts";
import { type Beat, type BeatAnswer, type Pulse, nextBeatMs, sendBeat, threadsNow } from "./heartbeat.ts";

/** What heartbeats are made of. */
export interface HeartbeatsOptions {
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly pulse: Pulse;
  /** What the worker holds now. */
  readonly beat: () => Beat;
  readonly onAnswer: (answer: BeatAnswer) => void;
}

/** Starts to send heartbeats: from a thread, or, to an engine in this process, from here. Answers with a way to stop. */
export function startHeartbeats(options: HeartbeatsOptions): () => void {
  const { heartbeatUrl } = options.connection;
  return heartbeatUrl === undefined ? beatFromHere(options) : beatFromThread(options, heartbeatUrl);
}

function beatFromHere({ connection, runtime, pulse, beat, onAnswer }: HeartbeatsOptions): () => void {
  let stopped = false;
  let cancel: (() => void) | undefined;
  const next = (ms: number) => {
    if (!stopped) cancel = runtime.setTimer(ms, () => void once());
  };
  const once = async () => {
    const answer = await sendBeat(connection.workers, pulse, { beat: beat(), now: runtime.now });
    if (answer !== undefined && !stopped) onAnswer(answer);
    next(nextBeatMs(pulse, answer));
  };
  next(pulse.intervalMs);
  return () => {
    stopped = true;
    cancel?.();
  };
}

function beatFromThread({ connection, runtime, pulse, beat, onAnswer }: HeartbeatsOptions, url: string): () => void {
  const thread = new Thread(new URL("./heartbeat-thread.js", import.meta.url), {
    workerData: { pulse, url, credentials: connection.credentials, first: beat() },
  });
  // The thread's clock says how long ago it sent the heartbeat.
  thread.on("message", (answer: BeatAnswer) => {
    if (answer.type === "unknown") return onAnswer(answer);
    onAnswer({ ...answer, sentAt: runtime.now() - (threadsNow() - answer.sentAt) });
  });
  // The leases end without heartbeats, which is what a broken thread must lead to; the process goes on.
  thread.on("error", () => {});
  thread.unref();
  let cancel: (() => void) | undefined;
  const tell = () => {
    thread.postMessage(beat());
    // Twice as often as it beats, so that a heartbeat knows nearly everything.
    cancel = runtime.setTimer(pulse.intervalMs / 2, tell);
  };
  tell();
  return () => {
    cancel?.();
    void thread.terminate();
  };
}
