import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chaos } from "./chaos.ts";
import { readOptions } from "./options.ts";
import { commandOf, reportOf } from "./report.ts";

// Breaks Kagzi at random and holds it to its promises: npm run chaos. Ends with 1 if one was broken, and keeps the evidence.
const SHOWN = 40;
const REPORT = new URL("../../../docs/operate/reliability.md", import.meta.url);

const options = readOptions(process.argv.slice(2));
process.stdout.write(`${commandOf(options)}\n`);
const result = await chaos(options);
const { breaches, folder } = result;
const report = reportOf(result);
writeFileSync(join(folder, "report.json"), JSON.stringify(result, undefined, 2));
writeFileSync(join(folder, "report.md"), `${report}\n`);
process.stdout.write(`\n${report}\n\n`);
if (breaches.length === 0) {
  rmSync(folder, { recursive: true, force: true });
  if (options.write) keep();
  process.exit(0);
}
process.stdout.write(
  breaches
    .slice(0, SHOWN)
    .map((each) => `${each}\n`)
    .join(""),
);
process.stdout.write(
  `${breaches.length} promises were broken; the evidence is in ${folder}; again: ${commandOf(options)}\n`,
);
process.exit(1);

/** Writes the report between the marks of its store. */
function keep(): void {
  const mark = `chaos ${options.store}`;
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const page = readFileSync(REPORT, "utf8");
  const [from, until] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || until < from) throw new Error(`no ${begin} and ${end} in ${REPORT.pathname}`);
  writeFileSync(REPORT, `${page.slice(0, from + begin.length)}\n\n${report}\n\n${page.slice(until)}`);
}
