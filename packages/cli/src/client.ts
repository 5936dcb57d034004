import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import { Client } from "kagzi";
import { checkReachable } from "./reach.ts";

/** Options of the commands that speak to a server. */
export interface ClientFlags {
  readonly url: string;
  readonly namespace?: string;
  readonly output: string;
}

/** A command that speaks to a server. */
export function withClient(command: Command): Command {
  return command
    .option("--url <url>", "the server; default KAGZI_URL", process.env["KAGZI_URL"] ?? "http://localhost:50051")
    .option("-o, --output <format>", "text or json", "text");
}

/** A command about what is in one namespace. */
export function inNamespace(command: Command): Command {
  const given = process.env["KAGZI_NAMESPACE"] ?? "default";
  return withClient(command).option("--namespace <name>", "default KAGZI_NAMESPACE", given);
}

/**
 * Asks a server for something, and writes the answer for people or for scripts to standard output.
 * @throws KagziError `UNAVAILABLE`; `INVALID_ARGUMENT` for a format that there is not; whatever the server says
 */
export async function answer<Answer>(
  { namespace, output, url }: ClientFlags,
  ask: (client: Client) => Promise<Answer>,
  write: Readonly<Record<"text" | "json", (answer: Answer) => string>>,
): Promise<void> {
  const format = checkOutput(output);
  await checkReachable(url);
  await using client = new Client({ url, ...(namespace !== undefined && { namespace }) });
  process.stdout.write(write[format](await ask(client)));
}

/** @throws KagziError `INVALID_ARGUMENT` for a format that there is not */
export function checkOutput(output: string): "text" | "json" {
  if (output === "text" || output === "json") return output;
  throw new KagziError("INVALID_ARGUMENT", `-o must be text or json, not ${JSON.stringify(output)}`);
}
