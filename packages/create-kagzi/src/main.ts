import { relative } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { CannotCreate, createProject } from "./create.ts";
import { type PackageManager, install, packageManagerOf } from "./package-manager.ts";

const USAGE_CODE = 2;
const USUAL_NAME = "my-app";
const START = `kagzi run start hello -i '{"name":"Ada"}' --follow`;
const HELP = `Makes a project with durable workflows that runs.

  npm create kagzi@latest [folder] [-- --no-install]

  --no-install  write the files, and install nothing
  -h, --help    show this

`;

/** The program `create-kagzi`. Sets the exit code of the process. */
export async function main(words: readonly string[]): Promise<void> {
  try {
    const { folder, help, installs } = read(words);
    if (help) process.stdout.write(HELP);
    else await create(folder ?? (await askName()), installs);
  } catch (error) {
    process.stderr.write(`create-kagzi: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CannotCreate ? USAGE_CODE : 1;
  }
}

interface Request {
  readonly folder: string | undefined;
  readonly help: boolean;
  readonly installs: boolean;
}

function read(words: readonly string[]): Request {
  const options = { "no-install": { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  try {
    const { positionals, values } = parseArgs({ args: [...words], options, allowPositionals: true });
    if (positionals.length > 1) throw new Error(`one folder, not ${positionals.length}`);
    return { folder: positionals[0], help: values.help === true, installs: values["no-install"] !== true };
  } catch (cause) {
    throw new CannotCreate(`${cause instanceof Error ? cause.message : String(cause)}\n\n${HELP.trimEnd()}`, { cause });
  }
}

/** Whoever has no terminal is asked nothing. */
async function askName(): Promise<string> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return USUAL_NAME;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`Name of the project? (${USUAL_NAME}) `);
    return answer.trim() || USUAL_NAME;
  } finally {
    terminal.close();
  }
}

async function create(path: string, installs: boolean): Promise<void> {
  const { folder, name } = await createProject(path);
  const manager = packageManagerOf(process.env["npm_config_user_agent"]);
  process.stdout.write(`${name} is written to ${folder}\n`);
  const isInstalled = installs && (await install(manager, folder));
  if (installs && !isInstalled) {
    process.stderr.write(`create-kagzi: ${manager.name} install failed; the files are there, so try it again\n`);
    process.exitCode = 1;
  }
  process.stdout.write(nextSteps(relative("", folder), manager, isInstalled));
}

function nextSteps(folder: string, { name, run }: PackageManager, isInstalled: boolean): string {
  const steps = [
    ...(folder === "" ? [] : [`cd ${shown(folder)}`]),
    ...(isInstalled ? [] : [`${name} install`]),
    `${run} kagzi dev`,
  ];
  return `\nNow:\n\n  ${steps.join("\n  ")}\n\nand in another terminal, in the same folder:\n\n  ${run} ${START}\n\n`;
}

/** As a shell takes it. */
function shown(folder: string): string {
  return /^[\w./@+-]+$/u.test(folder) ? folder : JSON.stringify(folder);
}
