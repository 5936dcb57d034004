// Holds the guides against the programs that they show: each program's text, and what it prints. With --write they are
// brought up to date.
import { execFile } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const write = process.argv.includes("--write");
const folder = new URL("../docs/guides/", import.meta.url);
const programs = new URL("../examples/guides/", import.meta.url);
const run = promisify(execFile);

const source = (name) => readFile(new URL(`src/${name}.ts`, programs), "utf8");
const output = async (name) => {
  const { stdout } = await run(process.execPath, [new URL(`dist/${name}.js`, programs).pathname], { timeout: 60_000 });
  return stdout;
};

/** Puts `content` into the block that follows the marker. */
function fill(page, marker, content) {
  const block = new RegExp(`(<!-- ${marker} -->\n\n\`\`\`\\w+\n)[^]*?(\`\`\`)`, "u");
  if (!block.test(page)) throw new Error(`there is no block after <!-- ${marker} -->`);
  return page.replace(block, (_, begin, end) => `${begin}${content.trimEnd()}\n${end}`);
}

const stale = [];
const shown = new Set();
for (const file of (await readdir(folder)).filter((name) => name.endsWith(".md"))) {
  const before = await readFile(new URL(file, folder), "utf8");
  let page = before;
  for (const [, name] of before.matchAll(/<!-- program: (\S+) -->/gu)) {
    shown.add(name);
    page = fill(page, `program: ${name}`, await source(name));
    page = fill(page, `output: ${name}`, await output(name));
  }
  if (page === before) continue;
  stale.push(file);
  if (write) await writeFile(new URL(file, folder), page);
}
for (const file of await readdir(new URL("src/", programs))) {
  if (!shown.has(file.replace(/\.ts$/u, ""))) stale.push(`examples/guides/src/${file} is in no guide`);
}
console.log(
  `${shown.size} programs of the guides were run${stale.length > 0 ? `; not up to date: ${stale.join(", ")}` : ""}`,
);
if (stale.length > 0 && !write) {
  console.error("node scripts/guides.mjs --write brings the guides up to date");
  process.exitCode = 1;
}
