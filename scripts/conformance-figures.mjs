import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./prepare.mjs";
import { writeSection } from "./section.mjs";

// npm run figures:conformance: runs what holds the stores against each other and against a model, and writes how much of it there was
// into docs/operate/reliability.md. KAGZI_MODEL_CALLS, KAGZI_RACE_STATES and KAGZI_RACE_HISTORIES say how much there is to be.
process.chdir(new URL("..", import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), "kagzi-figures-"));
const report = join(folder, "report.json");
run("npx", [
  "vitest",
  "run",
  "--project",
  "conformance",
  "--reporter",
  "default",
  "--reporter",
  "json",
  "--outputFile.json",
  report,
]);
const { testResults } = JSON.parse(readFileSync(report, "utf8"));
rmSync(folder, { recursive: true });

const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const metaOf = (key) => tests.flatMap(({ meta }) => (meta?.[key] === undefined ? [] : [meta]));
writeSection("conformance", [...cases(), "", ...model(), ...races()].join("\n"));

function cases() {
  const stores = ["SQLite in a file", "SQLite in memory", "PostgreSQL", "PostgreSQL through PgBouncer"];
  const rows = stores.map((store) => {
    const own = tests.filter(({ ancestorTitles: [title = ""] }) => title === store || title.startsWith(`${store}: `));
    const seconds = own.reduce((sum, { duration = 0 }) => sum + duration, 0) / 1000;
    return `| ${store} | ${own.length} | ${seconds.toFixed(0)} |`;
  });
  return [
    `Every store passes the same cases, in a schema that is not the default one (\`npm test -- --project conformance\`, ${cpus().length} cores):`,
    "",
    "| store | cases | seconds |",
    "| --- | --- | --- |",
    ...rows,
  ];
}

function model() {
  return metaOf("losses").map(
    ({ calls, losses }, index) =>
      `- Calls in random order to ${["SQLite", "PostgreSQL"][index]}: ${count(calls)}, ${count(losses)} more whose answer or connection was lost. After each one its answer and every run were as a model says.`,
  );
}

function races() {
  const pairs = metaOf("pairs").map(
    ({ pairs: each, states }) =>
      `- Ordered pairs of calls about one run that meet on two connections of PostgreSQL: ${count(each)}, in ${states} of its states. Each came to what one order of the two comes to, and no two waited for each other.`,
  );
  const bursts = metaOf("histories").map(
    ({ callsEach, histories }) =>
      `- Bursts of ${callsEach} calls by 8 clients about one run: ${count(histories)}. For each there is an order of its calls that explains every answer.`,
  );
  return [...pairs, ...bursts];
}

function count(number) {
  return number.toLocaleString("en");
}
