import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import { type Client, Client as KagziClient } from "kagzi";
import { explanationAsJson, explanationAsText } from "./explanation.ts";
import { findRun } from "./find-run.ts";
import { checkReachable } from "./reach.ts";

/** Options of the commands that speak to a server. */
interface ServerFlags {
  readonly url: string;
  readonly namespace: string;
  readonly output: string;
}

/** The commands about runs. */
export function addRun(kagzi: Command): void {
  const run = kagzi.command("run").description("look at runs");
  withClient(run.command("explain <id>"))
    .description("say in what state a run is, why it is not moving, and what to do about it")
    .addHelpText(
      "after",
      "\nThe id may be a unique prefix of one of the newest 1000 runs' ids, or `latest`.\n" +
        "\nExamples:\n  kagzi run explain latest\n  kagzi run explain 01a1fe2b --namespace production -o json",
    )
    .action(async (id: string, flags: ServerFlags) => {
      const format = formatOf(flags);
      await withConnection(flags, async (client) => {
        const explanation = await client.runs.explain(await findRun(client, id));
        process.stdout.write(format === "json" ? explanationAsJson(explanation) : explanationAsText(explanation));
      });
    });
}

function withClient(command: Command): Command {
  return command
    .option("--url <url>", "the server; default KAGZI_URL", process.env["KAGZI_URL"] ?? "http://localhost:50051")
    .option("--namespace <name>", "default KAGZI_NAMESPACE", process.env["KAGZI_NAMESPACE"] ?? "default")
    .option("-o, --output <format>", "text or json", "text");
}

function formatOf({ output }: ServerFlags): "text" | "json" {
  if (output === "text" || output === "json") return output;
  throw new KagziError("INVALID_ARGUMENT", `-o must be text or json, not ${JSON.stringify(output)}`);
}

async function withConnection({ namespace, url }: ServerFlags, work: (client: Client) => Promise<void>): Promise<void> {
  await checkReachable(url);
  await using client = new KagziClient({ namespace, url });
  await work(client);
}
