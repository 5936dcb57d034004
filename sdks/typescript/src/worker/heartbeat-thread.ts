import { parentPort, workerData } from "node:worker_threads";
import { type Credentials, connect } from "../connection.ts";
import { type Beat, type Pulse, nextBeatMs, sendBeat, threadsNow } from "./heartbeat.ts";

// A thread of its own, with a connection of its own: user code that keeps the main thread busy for a minute must not
// cost the worker its leases. It beats with what the main thread told it last.

const { pulse, url, credentials, first } = workerData as {
  readonly pulse: Pulse;
  readonly url: string;
  readonly credentials: Credentials | undefined;
  readonly first: Beat;
};
const connection = connect({ url, ...credentials });
let beat = first;

parentPort?.on("message", (message: Beat) => {
  beat = message;
});

async function keepBeating(): Promise<void> {
  const answer = await sendBeat(connection.workers, pulse, { beat, now: threadsNow });
  if (answer !== undefined) parentPort?.postMessage(answer);
  setTimeout(() => void keepBeating(), nextBeatMs(pulse, answer));
}

setTimeout(() => void keepBeating(), pulse.intervalMs);
