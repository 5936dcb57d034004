import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { RELEASES } from "./releases.ts";

// `npm run fixtures`: what users of this version have installed, so that later versions are tried with it.
const ROOT = new URL("../../", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string };
const STORES = ["postgres", "sqlite"];
const release = new URL(`${version}/`, RELEASES);

it.skipIf(existsSync(release))(`writes the SDK and the server of ${version}`, async () => {
  await bundle("sdk", {
    kagzi: path("sdks/typescript/dist/index.js"),
    "heartbeat-thread": path("sdks/typescript/dist/worker/heartbeat-thread.js"),
  });
  await bundle("server", { server: path("tests/upgrade/release/server.ts") });
  for (const store of STORES) {
    const migrations = fileURLToPath(new URL(`migrations-${store}`, release));
    cpSync(path(`packages/store-${store}/migrations`), migrations, { recursive: true });
  }
  expect(existsSync(new URL("sdk/kagzi.js", release))).toBe(true);
});

function path(file: string): string {
  return fileURLToPath(new URL(file, ROOT));
}

/** One folder that needs nothing but Node, and a driver for SQLite. */
async function bundle(folder: string, input: Readonly<Record<string, string>>): Promise<void> {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({ input, platform: "node", external: ["libsql", "pg-native"], plugins: [MIGRATIONS] });
  const { output } = await build.generate({
    format: "esm",
    minify: true,
    entryFileNames: "[name].js",
  });
  const target = new URL(`${folder}/`, release);
  mkdirSync(target, { recursive: true });
  for (const file of output) {
    if (file.type === "chunk")
      writeFileSync(new URL(file.fileName, target), file.code.replaceAll(fileURLToPath(ROOT), "/kagzi/"));
  }
}

/** Both stores are in one folder here, each with a folder of its own for its migrations. */
const MIGRATIONS = {
  name: "migrations",
  transform: (code: string, id: string) => {
    const store = STORES.find((each) => id.includes(`store-${each}/`));
    return store === undefined ? undefined : code.replace('"../migrations/"', `"../migrations-${store}/"`);
  },
};
