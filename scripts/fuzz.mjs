import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./prepare.mjs";

// Tries out random messages, values and texts:
// npm run fuzz -- --messages 5000000 --values 5000000 --seed 7 -t "every service" --page docs/operate/reliability.md
process.chdir(new URL("..", import.meta.url).pathname);
const { values } = parseArgs({
  options: {
    messages: { type: "string" },
    values: { type: "string" },
    seed: { type: "string" },
    page: { type: "string" },
    testNamePattern: { type: "string", short: "t" },
  },
});
const { messages = "500000", page, seed, testNamePattern, values: count = "200000" } = values;
const folder = mkdtempSync(join(tmpdir(), "kagzi-fuzz-"));
const figures = join(folder, "figures");
Object.assign(process.env, { KAGZI_FUZZ_MESSAGES: messages, KAGZI_FUZZ_VALUES: count });
if (seed !== undefined) process.env.KAGZI_FUZZ_SEED = seed;
if (page !== undefined) process.env.KAGZI_FUZZ_FIGURES = figures;
run("npx", ["tsc", "-b"]);
const only = testNamePattern === undefined ? [] : ["-t", testNamePattern];
run("npx", ["vitest", "run", "--project", "fuzz", ...only]);
if (page !== undefined) await write(page);
rmSync(folder, { recursive: true });

/** Puts what was tried out into a page. Everything was as it should be, or this is not reached. */
async function write(file) {
  const { writeSection } = await import("../tests/support/dist/index.js");
  const parts = readFileSync(figures, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const sums = new Map();
  for (const { part, figures: one } of parts) {
    const sum = sums.get(part) ?? { tried: 0, seconds: 0 };
    sums.set(part, { ...one, tried: sum.tried + one.tried, seconds: sum.seconds + one.seconds });
  }
  const rows = Array.from(
    sums,
    ([part, { growthMiB = "", seconds, tried }]) =>
      `| ${part} | ${tried} | ${Math.round(seconds)} | ${growthMiB === "" ? "" : Math.round(growthMiB)} |`,
  );
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${platform()} ${arch()}, Node ${process.version}`;
  const text = `## With random input

\`npm run fuzz -- --messages ${messages} --values ${count}\` on ${machine}: nothing crashed, hung, was answered with an internal
error, broke an invariant, or let one namespace see another.

| what | tried | seconds | memory grew by, MiB |
| --- | --: | --: | --: |
${rows.toSorted().join("\n")}`;
  writeSection(file, "fuzz", text);
}
