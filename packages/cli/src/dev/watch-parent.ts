import { Worker } from "node:worker_threads";

const LOOK_EVERY_MS = 500;

/** Ends this process when the one that started it is gone: from a thread of its own, so that code that never yields is ended, too. */
export function watchParent(): void {
  const look = `
    const { ppid } = process;
    setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, "SIGKILL"); }, ${LOOK_EVERY_MS});
  `;
  new Worker(look, { eval: true }).unref();
}
