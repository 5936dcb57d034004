import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { embedded } from "@kagzi/embedded";
import * as kagzi from "kagzi";
import { expect, it } from "vitest";
import { LIMITS, featuresOf, useFeatures } from "./features.ts";
import { HISTORIES } from "./histories.ts";

// `npm run fixtures`: the histories of what uses every feature, once for each release. Those of a run that a bug was found
// by are added by hand: `client.runs.history` gives one.
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string };
const file = new URL(`${version}.json`, HISTORIES);
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

it.skipIf(existsSync(file))(`writes the histories of ${version}`, async () => {
  const kept: kagzi.ExportedHistory[] = [];
  for (let round = 0; round < 3; round++) kept.push(...(await play()));
  mkdirSync(HISTORIES, { recursive: true });
  const lines = kept.map((history) => JSON.stringify(history)).join(",\n");
  writeFileSync(file, `[\n${lines}\n]\n`.replaceAll(ROOT, "/kagzi/"));
  expect(kept.length).toBeGreaterThan(50);
});

/** Uses every feature on an engine of its own, and gives the histories of all its runs. */
async function play(): Promise<readonly kagzi.ExportedHistory[]> {
  const engine = await embedded("sqlite::memory:");
  const client = new kagzi.Client({ connection: engine });
  const worker = new kagzi.Worker({ connection: engine, workflows: featuresOf(kagzi), limits: LIMITS, logger: quiet });
  await worker.start();
  await useFeatures(client);
  const kept: kagzi.ExportedHistory[] = [];
  for await (const { id, startedAt } of client.runs.list()) {
    if (startedAt !== undefined) kept.push(await client.runs.history(id));
  }
  await worker.stop();
  await client.close();
  await engine.close();
  return kept;
}
