import { spawn } from "node:child_process";

/** Who installs packages, and how its users run a command of one. */
export interface PackageManager {
  readonly name: "npm" | "pnpm" | "yarn" | "bun";
  /** Before `kagzi dev`. */
  readonly run: string;
}

const MANAGERS: readonly PackageManager[] = [
  { name: "npm", run: "npx" },
  { name: "pnpm", run: "pnpm" },
  { name: "yarn", run: "yarn" },
  { name: "bun", run: "bunx" },
];
const NPM: PackageManager = { name: "npm", run: "npx" };

/** The one that started this program, by `npm_config_user_agent`; npm if that is not said. */
export function packageManagerOf(userAgent = ""): PackageManager {
  return MANAGERS.find(({ name }) => userAgent.startsWith(`${name}/`)) ?? NPM;
}

/** Installs what a project depends on. Answers whether that went well. */
export async function install({ name }: PackageManager, folder: string): Promise<boolean> {
  // On Windows it is a script, which only a shell can start.
  const child = spawn(name, ["install"], { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
