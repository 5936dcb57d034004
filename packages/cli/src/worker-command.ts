import type { Command } from "commander";
import { errorText } from "./dev/error-text.ts";
import { type FileWorkerSettings, fileWorker } from "./dev/start-worker.ts";
import { firstSignal } from "./dev/signals.ts";
import { type WatchedWorker, startWatchedWorker } from "./dev/watched-worker.ts";
import { exitCodeOf } from "./exit-code.ts";
import { wholeNumber } from "./settings.ts";
import { registerTypeScript } from "./typescript/register.ts";

type WorkerFlags = Readonly<Partial<Record<"concurrency" | "namespace" | "url", string>>> & {
  readonly watch?: boolean;
};

const SHUTDOWN_MS = 15_000;

/** The command `kagzi worker FILE..`, beside those that look at workers. */
export function addFileWorker(kagzi: Command): void {
  const worker = kagzi.commands.find((command) => command.name() === "worker") ?? kagzi.command("worker");
  worker
    // Those of the commands below it are theirs.
    .enablePositionalOptions()
    .argument("[paths...]", "files, and folders of files, that export workflows")
    .description(
      "run the workflows that files export, until SIGINT or SIGTERM; what runs then is finished or given back",
    )
    .option("--url <url>", "the server; default KAGZI_URL, else http://localhost:50051")
    .option("--namespace <name>", "default KAGZI_NAMESPACE, else default")
    .option("--concurrency <number>", "runs at once; default 100")
    .option("--watch", "load the files again when they change")
    .addHelpText(
      "after",
      "\nExamples:\n  kagzi worker workflows --url https://kagzi.internal:50051\n  kagzi worker dist/orders.js --concurrency 20",
    )
    .action((paths: readonly string[], flags: WorkerFlags) => {
      const settings = settingsOf(paths, flags);
      return flags.watch === true ? runWatched(settings) : run(settings);
    });
}

function settingsOf(paths: readonly string[], { concurrency, namespace, url }: WorkerFlags): FileWorkerSettings {
  const given = namespace ?? process.env["KAGZI_NAMESPACE"];
  return {
    paths,
    ...(url !== undefined && { url }),
    ...(given !== undefined && { namespace: given }),
    ...(concurrency !== undefined && { concurrency: wholeNumber("concurrency", concurrency, 1, 100_000) }),
  };
}

async function run(settings: FileWorkerSettings): Promise<void> {
  registerTypeScript();
  const made = await fileWorker(settings).catch((error: unknown) => {
    process.stderr.write(`kagzi: ${errorText(error)}\n`);
    process.exitCode = exitCodeOf(error);
  });
  if (made === undefined) return;
  const { worker, workflows } = made;
  const names = workflows.map(({ workflow: { name, version } }) => `${name}@${version}`).join(", ");
  const running = worker.run();
  await worker.start();
  process.stderr.write(`kagzi worker: ${names}\n`);
  await running;
  // What users' code has left open keeps no worker alive that has said goodbye.
  process.exit();
}

async function runWatched(settings: FileWorkerSettings): Promise<void> {
  let worker: WatchedWorker | undefined;
  const signalled = firstSignal(() => worker?.kill());
  worker = await startWatchedWorker({ ...settings, shutdownTimeout: SHUTDOWN_MS }, { watches: true, say });
  await signalled;
  await worker.stop();
}

function say(text: string): void {
  process.stderr.write(text);
}
