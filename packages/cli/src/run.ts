import type { Command } from "commander";
import { type ClientFlags, answer, inNamespace } from "./client.ts";
import { explanationAsJson, explanationAsText } from "./explanation.ts";
import { findRun } from "./find-run.ts";

/** The commands about runs. */
export function addRun(kagzi: Command): void {
  const run = kagzi.command("run").description("look at runs");
  inNamespace(run.command("explain <id>"))
    .description("say in what state a run is, why it is not moving, and what to do about it")
    .addHelpText(
      "after",
      "\nThe id may be a unique prefix of one of the newest 1000 runs' ids, or `latest`.\n" +
        "\nExamples:\n  kagzi run explain latest\n  kagzi run explain 01a1fe2b --namespace production -o json",
    )
    .action((id: string, flags: ClientFlags) =>
      answer(flags, async (client) => client.runs.explain(await findRun(client, id)), {
        text: explanationAsText,
        json: explanationAsJson,
      }),
    );
}
