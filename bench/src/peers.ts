import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../peers", import.meta.url));
const MODULES = join(FOLDER, "node_modules");

/** The Node that every measured program runs on, the peers' and Kagzi's alike. */
export const PEERS_NODE = join(MODULES, "node", "bin", "node");

/** Of a program among the peers'. */
export function peerProgram(name: string): string {
  return join(FOLDER, "src", `${name}.mjs`);
}

/** Of a file of an installed package. */
export function peerFile(...path: readonly string[]): string {
  return join(MODULES, ...path);
}

/** Of the version that is installed; the lock says which one that is. */
export function peerVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(peerFile(name, "package.json"), "utf8")) as { version: string };
  return version;
}

/** Installs the peers where they are missing, or are not what the lock says. */
export function installPeers(print: (line: string) => void): void {
  const installed = join(MODULES, ".package-lock.json");
  const lock = join(FOLDER, "package-lock.json");
  const isCurrent =
    existsSync(PEERS_NODE) && existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  if (isCurrent) return;
  print("installing the peers that Kagzi is measured against …");
  // Some want a newer Node, which is installed with them and runs them. One would tell its makers about the installation.
  const env = { ...process.env, SCARF_ANALYTICS: "false", DO_NOT_TRACK: "1" };
  execFileSync("npm", ["ci", "--engine-strict=false", "--no-audit", "--no-fund"], { cwd: FOLDER, stdio: "pipe", env });
  if (!existsSync(PEERS_NODE)) {
    // That package leaves its binary to an install script, which not every npm runs.
    throw new Error(`npm has put no Node at ${PEERS_NODE}: its install scripts must be allowed to run`);
  }
}
