import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

/** Options by which a value is given. */
export interface InputFlags {
  readonly input?: string;
  readonly param?: readonly string[];
}

/** A command that is given a value: an input, a payload. */
export function withInput(command: Command, what: string): Command {
  return command
    .option("-i, --input <json>", `${what}: JSON, @file, or - for standard input`)
    .option(
      "-P, --param <name=value>",
      `a field of ${what}: name=text or name:=json; may be given again`,
      (each: string, before?: readonly string[]) => [...(before ?? []), each],
    );
}

/**
 * The value that the options give; `undefined` if they give none. Fields go into the object that `--input` gives.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export async function readInput(cli: Surroundings, { input, param = [] }: InputFlags): Promise<unknown> {
  const value = input === undefined ? undefined : parsed(await textOf(cli, input), "-i");
  if (param.length === 0) return value;
  if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
    throw new KagziError("INVALID_ARGUMENT", "-P gives fields of an object, and what -i gives is none: leave one out");
  }
  return Object.fromEntries([...Object.entries(value ?? {}), ...param.map(field)]);
}

async function textOf(cli: Surroundings, given: string): Promise<string> {
  if (given === "-") return textFrom(cli.stdin);
  if (!given.startsWith("@")) return given;
  const path = resolve(cli.cwd, given.slice(1));
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new KagziError("INVALID_ARGUMENT", `${path} cannot be read: ${messageOf(cause)}; -i @file names a file`, {
      cause,
    });
  });
}

/** All that comes in. */
export async function textFrom(source: Surroundings["stdin"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString();
}

function field(param: string): [string, unknown] {
  const [, name, colon, text = ""] = /^([^=:]+)(:?)=(.*)$/su.exec(param) ?? [];
  if (name === undefined) {
    throw new KagziError("INVALID_ARGUMENT", `-P ${JSON.stringify(param)} is no field: give name=text or name:=json`);
  }
  return [name, colon === ":" ? parsed(text, `-P ${name}`) : text];
}

function parsed(text: string, flag: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const example = `a text is given as '"text"', an object as '{"amount": 1}'`;
    throw new KagziError(
      "INVALID_ARGUMENT",
      `${flag}: ${JSON.stringify(shown)} is not JSON (${messageOf(cause)}); ${example}`,
      { cause },
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
