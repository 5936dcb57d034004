import { FileWatch } from "./watch-files.ts";
import { type HostEvents, WorkerHost } from "./worker-host.ts";
import type { FileWorkerSettings } from "./start-worker.ts";
import { seconds, workflowWords } from "./words.ts";

/** A worker in a process of its own, which is loaded again when its files change. */
export interface WatchedWorker {
  stop(): Promise<void>;
  kill(): void;
}

/** Starts a worker that outlives its crashes, and takes new code if `watches`. What happens is said. */
export async function startWatchedWorker(
  settings: FileWorkerSettings & { readonly shutdownTimeout: number },
  { say, watches }: { readonly say: (text: string) => void; readonly watches: boolean },
): Promise<WatchedWorker> {
  const { paths, url = "" } = settings;
  const watch = watches ? new FileWatch({ paths, folder: process.cwd(), onChange: () => host.reload() }) : undefined;
  const events: HostEvents = {
    loaded: (file) => watch?.imported(file),
    ready(workflows, { isReload, ms }) {
      const names = workflows.map(({ name, version }) => `${name}@${version}`).join(", ");
      say(isReload ? `reloaded in ${seconds(ms)}: ${names}\n` : workflowWords(workflows, url));
    },
    failed(message, hasOther) {
      const then = hasOther ? "\nThe worker goes on with the code from before.\n" : "\n";
      say(`\n${message}\n${then}${watches ? "Waiting for a change.\n" : ""}`);
    },
    crashed(code, againInMs) {
      say(`the worker ended with ${code}; it is started again in ${seconds(againInMs)}\n`);
    },
  };
  const host: WorkerHost = new WorkerHost(settings, events);
  await watch?.start();
  host.load();
  return {
    kill: () => host.kill(),
    async stop() {
      watch?.stop();
      await host.stop();
    },
  };
}
