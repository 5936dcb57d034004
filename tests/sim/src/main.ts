import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeSection } from "@kagzi/test-support";
import { type Figures, addFigures, faultRows, faultsOf, noFigures, rowsOf } from "./figures.ts";
import { runMany } from "./many.ts";
import { runSeed } from "./seed.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    processes: { type: "string" },
    trace: { type: "boolean", default: false },
    "stop-at-first": { type: "boolean", default: false },
    sum: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

/** The last lines of the trace of a seed that has broken a promise. */
const TAIL = 80;
const DULL = /: timer$|store answers$| store (?!runs\.|inbox\.)/;
const PAGE = fileURLToPath(new URL("../../../docs/operate/reliability.md", import.meta.url));

process.exitCode = values.seed === undefined ? await many() : await one(numberOf("seed", values.seed), values.trace);

/** One seed, with its trace. Answers with the exit code. */
async function one(seed: number, isWhole: boolean): Promise<number> {
  const { breaches, hash, trace } = await runSeed(seed, { keepTrace: true });
  print((isWhole ? trace : tailOf(trace)).join("\n"));
  print(`seed ${seed}, trace ${hash}`);
  for (const breach of breaches) print(`  ${breach}`);
  return breaches.length === 0 ? 0 : 1;
}

/** The last lines, without those of which there are always many. */
function tailOf(trace: readonly string[]): readonly string[] {
  return trace.filter((line) => !DULL.test(line)).slice(-TAIL);
}

async function many(): Promise<number> {
  const begun = performance.now();
  const seeds = numberOf("seeds", values.seeds);
  let told = begun;
  const figures = await runMany({
    from: numberOf("from", values.from),
    seeds,
    stopAtFirst: values["stop-at-first"],
    ...(values.processes !== undefined && { processes: numberOf("processes", values.processes) }),
    onProgress: ({ broken, seeds: done }) => {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      print(
        `${done} of ${seeds} seeds, ${Math.round((done * 1000) / (told - begun))} each second, ${broken.length} broken`,
      );
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  for (const [what, figure] of rowsOf(figures)) print(`${what}: ${figure}`);
  for (const [kind, count] of faultRows(figures)) print(`  ${kind}: ${count}`);
  print(`${seconds.toFixed(1)} s, ${Math.round(figures.seeds / seconds)} seeds each second`);
  const sum = values.sum === undefined ? figures : sumUp(values.sum, figures);
  if (values.write) writePage(sum);
  const [first] = figures.broken;
  if (first === undefined) return 0;
  for (const { breaches, seed } of figures.broken.slice(0, 20)) print(`seed ${seed}: ${breaches[0]}`);
  await one(first.seed, false);
  print(`again: npm run sim -- --seed ${first.seed} --trace`);
  return 1;
}

/** Adds the figures of this run to those of the runs before it, which are in a file. */
function sumUp(file: string, figures: Figures): Figures {
  const sum = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Figures) : noFigures();
  addFigures(sum, figures);
  writeFileSync(file, JSON.stringify(sum));
  return sum;
}

/** The figures go into the page, between their marks. */
function writePage(figures: Figures): void {
  const [cpu] = cpus();
  const section = [
    `\`npm run sim -- --seeds ${figures.seeds}\`, on ${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), Node ${process.version}:`,
    table(rowsOf(figures)),
    `The ${faultsOf(figures).toLocaleString("en-US")} faults, by kind:`,
    table(faultRows(figures)),
  ].join("\n\n");
  writeSection(PAGE, "sim", section);
}

function table(rows: readonly (readonly [string, string])[]): string {
  return ["| | |", "| - | -: |", ...rows.map(([what, figure]) => `| ${what} | ${figure} |`)].join("\n");
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${name} is ${JSON.stringify(text)}: give a whole number`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
