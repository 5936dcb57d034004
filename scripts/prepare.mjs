import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";

const STAMP = "node_modules/.kagzi-installed";

/** Installs what the lock file says, unless that is what is there, and builds. From a bare clone with nothing but Node and npm. */
export function prepare() {
  const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const isInstalled = existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock;
  if (!isInstalled) {
    rmSync(STAMP, { force: true });
    run("npm", ["ci", "--no-audit", "--no-fund"]);
    writeFileSync(STAMP, lock);
  }
  run("npm", ["run", "build", "--silent"]);
}

/** Runs a command with this terminal, and ends with its exit code if that is not 0. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Whether a command ends well. What it says is not shown. */
export function runQuietly(command, args, env = process.env) {
  return spawnSync(command, args, { stdio: "ignore", env }).status === 0;
}
