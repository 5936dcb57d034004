import { registerTypeScript } from "../typescript/register.ts";
import { errorText } from "./error-text.ts";
import type { FromWorker } from "./messages.ts";
import { type FileWorkerSettings, fileWorker } from "./start-worker.ts";
import { watchParent } from "./watch-parent.ts";

/** The program of a worker's process: it is told its settings as JSON, and when to stop by IPC. */
export async function main([settings = "{}"]: readonly string[]): Promise<void> {
  // The terminal sends Ctrl-C to all processes at once. The one that started this one decides.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  process.once("disconnect", () => process.exit(1));
  watchParent();
  registerTypeScript((file) => say({ type: "loaded", file }));
  try {
    const { worker, workflows } = await fileWorker(JSON.parse(settings) as FileWorkerSettings);
    const stopped = new Promise<void>((resolve) => {
      process.once("message", resolve);
      process.once("SIGTERM", () => resolve());
    });
    await worker.start();
    const shown = workflows.map(({ file, workflow: { name, version } }) => ({ name, version, file }));
    say({ type: "ready", workflows: shown });
    await stopped;
    await worker.stop();
    process.exit(0);
  } catch (error) {
    await new Promise((resolve) => process.send?.({ type: "failed", message: errorText(error) }, resolve));
    process.exit(1);
  }
}

function say(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
