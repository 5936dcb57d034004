import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSection } from "./section.mjs";
import { MUTANTS } from "../tests/mutants/list.mjs";

// npm run mutants [-- name…]: makes one bug at a time and runs the tests that are to find it. Survivors are an error: a test is missing.
// All of them write what was found into docs/operate/reliability.md.
process.chdir(new URL("..", import.meta.url).pathname);
const names = process.argv.slice(2);
const unknown = names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(", ")}`);
const chosen = MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name));

const folder = mkdtempSync(join(tmpdir(), "kagzi-mutants-"));
const results = chosen.map((mutant) => tell(kill(mutant)));
rmSync(folder, { recursive: true, force: true });
const survivors = results.filter(({ killedBy }) => killedBy === undefined);
console.log(`${results.length - survivors.length} of ${results.length} mutants killed`);
if (names.length === 0) writeSection("mutants", table());
if (survivors.length > 0) process.exit(1);

function kill(mutant) {
  const begun = performance.now();
  for (const suite of mutant.suites) {
    const killedBy = failureOf(mutant, suite);
    if (killedBy !== undefined) return { ...mutant, killedBy, seconds: (performance.now() - begun) / 1000 };
  }
  return { ...mutant, killedBy: undefined, seconds: (performance.now() - begun) / 1000 };
}

/** The first test that fails with the bug in place. */
function failureOf(mutant, { env = {}, files, project }) {
  const [report, log] = [join(folder, `${mutant.name}.json`), join(folder, `${mutant.name}.log`)];
  const options = ["--project", project, "--bail", "1", "--reporter", "json", "--outputFile", report];
  const { stderr, stdout } = spawnSync(
    "npx",
    ["vitest", "run", "--root", ".", "--config", "tests/mutants/vitest.config.ts", ...options, ...files],
    { env: { ...process.env, ...env, KAGZI_MUTANT: mutant.name, KAGZI_MUTANT_LOG: log }, encoding: "utf8" },
  );
  if (!existsSync(log)) throw new Error(`mutant ${mutant.name} was in nothing that ran:\n${stdout}\n${stderr}`);
  const suites = JSON.parse(readFileSync(report, "utf8")).testResults;
  const failed = suites.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === "failed");
  // What fails outside of a test, as the look for broken invariants after all of them, fails its file.
  return failed?.fullName ?? suites.find(({ status }) => status === "failed")?.message?.split("\n")[0];
}

function tell(result) {
  const { killedBy, name, seconds } = result;
  const outcome = killedBy === undefined ? "SURVIVED" : `killed by: ${killedBy}`;
  console.log(`${name} (${seconds.toFixed(0)} s) ${outcome}`);
  return result;
}

function table() {
  const rows = results.map(
    ({ killedBy = "**survived**", seconds, what }) => `| ${what} | ${killedBy} | ${seconds.toFixed(0)} |`,
  );
  const head = `${results.length - survivors.length} of ${results.length} bugs that were made on purpose are found (\`npm run mutants\`):`;
  return [head, "", "| bug | found by | seconds |", "| --- | --- | --- |", ...rows].join("\n");
}
