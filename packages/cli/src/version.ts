import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { withExamples } from "./examples.ts";
import { createOutput, showRecord } from "./output.ts";
import { withOutput } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

/** The version of this command line, and of the server that it starts. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}

/** `kagzi version` */
export function addVersion(kagzi: Command, cli: Surroundings): void {
  const command = withOutput(kagzi.command("version")).description("print the version of this program");
  withExamples(command, "kagzi version", "kagzi version -o json").action(({ output }: { readonly output?: string }) => {
    const version = ownVersion();
    showRecord(createOutput(cli, output), {
      fields: [
        ["kagzi", version],
        ["node", process.versions.node],
      ],
      json: { kagzi: version, node: process.versions.node },
      id: version,
    });
  });
}
