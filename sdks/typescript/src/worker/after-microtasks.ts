/**
 * Calls `run` when every promise that is settled by now has been followed to its end: after the microtasks that are
 * queued, those they queue, and so on, and before any timer or socket. Node runs its tick queue when the microtask queue
 * is empty, but before it when a macrotask has just ended; so the tick is queued from a microtask.
 */
export function afterMicrotasks(run: () => void): void {
  queueMicrotask(() => process.nextTick(run));
}
