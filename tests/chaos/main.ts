import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSection } from "@kagzi/test-support";
import { chaos } from "./chaos.ts";
import { readOptions } from "./options.ts";
import { commandOf, reportOf } from "./report.ts";

// Breaks Kagzi at random and holds it to its promises: npm run chaos. Ends with 1 if one was broken, and keeps the evidence.
const SHOWN = 40;
const REPORT = fileURLToPath(new URL("../../../docs/operate/reliability.md", import.meta.url));

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
  if (options.write) writeSection(REPORT, `chaos ${options.store}`, report);
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
