import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Figures, addFigures, addSeed, noFigures } from "./figures.ts";
import { runSeed } from "./seed.ts";

/** Which seeds, and how. */
export interface ManyOptions {
  readonly from: number;
  readonly seeds: number;
  readonly processes?: number;
  readonly stopAtFirst: boolean;
  readonly onProgress?: (figures: Figures) => void;
}

/** Seeds that a process is given at once. */
const BLOCK = 25;
/** A process that does not come to the end of its seeds in so long is lost in an endless loop. */
const ENDLESS_MS = 300_000;

/** What a seed makes is garbage soon, and nobody reads where in the code its errors came from. */
const FLAGS = ["--max-semi-space-size=64", "--stack-trace-limit=0"];

/** Compiled, also where this file is not. */
const CHILD = fileURLToPath(new URL("../dist/child.js", import.meta.url));

interface Block {
  readonly from: number;
  readonly to: number;
}

/** Runs seeds in as many processes as there are cores, each of them with one thread. What a seed does depends on none of this. */
export async function runMany(options: ManyOptions): Promise<Figures> {
  const figures = noFigures();
  let next = options.from;
  const end = options.from + options.seeds;
  let isOver = false;
  const take = (): Block | undefined => {
    if (isOver || next >= end) return undefined;
    const block = { from: next, to: Math.min(end, next + BLOCK) };
    next = block.to;
    return block;
  };
  const give = (found: Figures) => {
    addFigures(figures, found);
    if (options.stopAtFirst && figures.broken.length > 0) isOver = true;
    options.onProgress?.(figures);
  };
  const processes = Math.min(options.processes ?? availableParallelism(), Math.ceil(options.seeds / BLOCK));
  await Promise.all(Array.from({ length: processes }, () => work(take, give)));
  figures.broken.sort((a, b) => a.seed - b.seed);
  return figures;
}

/** A process that is given seeds until there are none left: the longer it lives, the more of its code is compiled well. */
async function work(take: () => Block | undefined, give: (figures: Figures) => void): Promise<void> {
  const child = fork(CHILD, { serialization: "advanced", execArgv: FLAGS });
  try {
    for (let block = take(); block !== undefined; block = take()) give(await answer(child, block));
  } finally {
    child.kill();
  }
}

function answer(child: ChildProcess, block: Block): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const seeds = `seeds ${block.from} to ${block.to - 1}`;
    const timer = setTimeout(() => reject(new Error(`${seeds} do not come to an end`)), ENDLESS_MS);
    const onExit = () => reject(new Error(`the process of ${seeds} has ended`));
    child.once("exit", onExit);
    child.once("message", (figures: Figures) => {
      clearTimeout(timer);
      child.off("exit", onExit);
      resolve(figures);
    });
    child.send(block);
  });
}

/** What a process does that is given seeds. */
export function serveSeeds(): void {
  process.on("message", (block: Block) => {
    void runBlock(block).then((figures) => process.send?.(figures));
  });
}

async function runBlock({ from, to }: Block): Promise<Figures> {
  const figures = noFigures();
  for (let seed = from; seed < to; seed++) addSeed(figures, await runSeed(seed));
  return figures;
}
