import type { Command } from "commander";
import { type ContextFlags, readContext } from "./context.ts";
import type { FileWorkerSettings } from "./dev/start-worker.ts";
import { withExamples } from "./examples.ts";
import { exitCodeOf } from "./exit-code.ts";
import { wholeNumber } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

type WorkerFlags = ContextFlags & { readonly concurrency?: string; readonly watch?: boolean };

const SHUTDOWN_MS = 15_000;

/** `kagzi worker FILE..`: the command under which those stand that look at workers. */
export function addFileWorker(kagzi: Command, cli: Surroundings): Command {
  const command = kagzi
    .command("worker [paths...]")
    // What stands after a command below it is that command's.
    .enablePositionalOptions()
    .description("run the workflows that files export, until it is asked to stop; or look at workers")
    .option("--url <url>", "the server (KAGZI_URL, default: http://localhost:50051)")
    .option("--api-key <key>", "who asks (KAGZI_API_KEY)")
    .option("--profile <name>", "of kagzi config (KAGZI_PROFILE)")
    .option("-n, --namespace <name>", "KAGZI_NAMESPACE, default: default")
    .option("--concurrency <number>", "runs at once, default: 100")
    .option("--watch", "load the files again when they change");
  return withExamples(
    command,
    "kagzi worker workflows --url https://kagzi.internal:50051",
    "kagzi worker dist/orders.js --concurrency 20",
  ).action(async (paths: readonly string[], flags: WorkerFlags) => {
    const settings = settingsOf(paths, flags, cli);
    await (flags.watch === true ? runWatched(settings) : run(settings, cli));
  });
}

function settingsOf(paths: readonly string[], flags: WorkerFlags, cli: Surroundings): FileWorkerSettings {
  const { apiKey, namespace, url } = readContext(cli, flags);
  const { concurrency } = flags;
  return {
    paths,
    url: url.value,
    namespace: namespace.value,
    ...(apiKey !== undefined && { token: apiKey.value }),
    ...(concurrency !== undefined && { concurrency: wholeNumber("concurrency", concurrency, 1, 100_000) }),
  };
}

async function run(settings: FileWorkerSettings, cli: Surroundings): Promise<void> {
  const [{ errorText }, { fileWorker }, { registerTypeScript }] = await Promise.all([
    import("./dev/error-text.ts"),
    import("./dev/start-worker.ts"),
    import("./typescript/register.ts"),
  ]);
  registerTypeScript();
  const made = await fileWorker(settings).catch((error: unknown) => {
    cli.stderr.write(`kagzi: ${errorText(error)}\n`);
    cli.exit(exitCodeOf(error));
  });
  if (made === undefined) return;
  const { worker, workflows } = made;
  const names = workflows.map(({ workflow: { name, version } }) => `${name}@${version}`).join(", ");
  const running = worker.run();
  await worker.start();
  cli.stderr.write(`kagzi worker: ${names}\n`);
  await running;
  // What users' code has left open keeps no worker alive that has said goodbye.
  process.exit();
}

async function runWatched(settings: FileWorkerSettings): Promise<void> {
  const [{ firstSignal }, { startWatchedWorker }] = await Promise.all([
    import("./dev/signals.ts"),
    import("./dev/watched-worker.ts"),
  ]);
  let worker: Awaited<ReturnType<typeof startWatchedWorker>> | undefined;
  const signalled = firstSignal(() => worker?.kill());
  worker = await startWatchedWorker({ ...settings, shutdownTimeout: SHUTDOWN_MS }, { watches: true, say });
  await signalled;
  await worker.stop();
}

function say(text: string): void {
  process.stderr.write(text);
}
