import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

const INSTALLED = "/usr/bin/chromium";
/** A headless Chromium with the libraries and fonts that it needs, as one package of npm. */
const PACKAGE = "@sparticuz/chromium";
const ARCHIVES = ["al2023", "fonts", "swiftshader"];

/** Starts a browser: KAGZI_CHROMIUM, the one of the system, or the one that npm brought, in this order. */
export async function launchChromium(): Promise<Browser> {
  const { KAGZI_CHROMIUM: named = "" } = process.env;
  const own = named === "" && existsSync(INSTALLED) ? INSTALLED : named;
  const args = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"];
  if (own !== "") return chromium.launch({ executablePath: own, args });
  const folder = unpacked();
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [join(folder, "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
    FONTCONFIG_PATH: folder,
    HOME: folder,
  };
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: [...args, "--headless=shell", "--no-zygote"],
    env,
  });
}

/** Where the package is unpacked to, once for each of its versions. Others may do so at the same time. */
function unpacked(): string {
  const manifest = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "..", "..", "package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  const folder = join(tmpdir(), `kagzi-chromium-${version}`);
  if (existsSync(folder)) return folder;
  const begun = mkdtempSync(join(tmpdir(), "kagzi-chromium-"));
  const read = (name: string) => brotliDecompressSync(readFileSync(join(dirname(manifest), "bin", `${name}.br`)));
  for (const name of ARCHIVES) {
    const { status, stderr } = spawnSync("tar", ["-x", "-C", begun], { input: read(`${name}.tar`) });
    if (status !== 0) throw new Error(`tar cannot unpack ${name} of ${PACKAGE}: ${String(stderr)}`);
  }
  writeFileSync(join(begun, "fonts.conf"), fontsConfig(folder));
  mkdirSync(join(begun, "cache"));
  writeFileSync(join(begun, "chromium"), read("chromium"), { mode: 0o755 });
  try {
    renameSync(begun, folder);
  } catch {
    // Another was first.
    rmSync(begun, { recursive: true, force: true });
  }
  return folder;
}

function fontsConfig(folder: string): string {
  const dirs = [join(folder, "fonts"), "/usr/share/fonts"].map((dir) => `<dir>${dir}</dir>`).join("");
  const cache = `<cachedir>${join(folder, "cache")}</cachedir>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${dirs}${cache}</fontconfig>`;
}
