import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as kagzi from "kagzi";

/** What users have installed: a folder for each release, which nobody changes. */
export const RELEASES = new URL("releases/", import.meta.url);

/** The releases that are kept, oldest first. */
export function releases(): readonly string[] {
  return existsSync(RELEASES) ? readdirSync(RELEASES).toSorted() : [];
}

/** The SDK of a release, or the one that is here. */
export type Sdk = typeof kagzi;

export async function sdkOf(version: string): Promise<Sdk> {
  return (await import(/* @vite-ignore */ new URL(`${version}/sdk/kagzi.js`, RELEASES).href)) as Sdk;
}

/** A server of a release, as a process of its own. */
export interface ReleasedServer {
  readonly url: string;
  kill(): Promise<void>;
}

export async function startReleased(version: string, args: readonly string[]): Promise<ReleasedServer> {
  const program = fileURLToPath(new URL(`${version}/server/server.js`, RELEASES));
  const child = fork(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const { url } = await firstMessage(child);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function firstMessage(child: ChildProcess): Promise<{ readonly url: string }> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as { readonly url: string }));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}
