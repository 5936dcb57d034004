import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSection, writeSection } from "./section.mjs";
import { MUTANTS } from "../tests/mutants/list.mjs";

// npm run mutants [-- name…]: makes one bug at a time and runs the tests that are to find it. Survivors are an error: a test is missing.
// What was found goes into docs/operate/reliability.md.
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
writeSection("mutants", table());
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
function failureOf(mutant, { env = {}, files, only, project }) {
  const [report, log] = [join(folder, `${mutant.name}.json`), join(folder, `${mutant.name}.log`)];
  const options = [
    "--project",
    project,
    "--bail",
    "1",
    "--reporter",
    "json",
    "--outputFile",
    report,
    ...(only === undefined ? [] : ["-t", only]),
  ];
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

/** What is known of each bug: from this run, else from the one before. */
function table() {
  const known = new Map(
    [...readSection("mutants").matchAll(/^\| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(([, what, ...rest]) => [
      what.trim(),
      rest,
    ]),
  );
  for (const { killedBy = "**nothing**", seconds, what } of results)
    known.set(what, [killedBy.replaceAll("|", "/"), seconds.toFixed(0)]);
  const rows = MUTANTS.map(({ what }) => [what, ...(known.get(what) ?? ["not run yet", ""])]);
  const found = rows.filter(([, killedBy]) => !["**nothing**", "not run yet"].includes(killedBy.trim()));
  const head = `Of ${rows.length} bugs that are made on purpose, one at a time, the tests find ${found.length} (\`npm run mutants\`):`;
  const lines = rows.map((row) => `| ${row.map((cell) => cell.trim()).join(" | ")} |`);
  return [head, "", "| bug | found by | seconds |", "| --- | --- | --- |", ...lines].join("\n");
}
