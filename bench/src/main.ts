import { spawn } from "node:child_process";
import { once } from "node:events";
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { cleanUpAll, cleanUpOnSignals, goOn, isInterrupted } from "./clean-up.ts";
import { FOREIGN, compare } from "./compare.ts";
import { ENGINES } from "./engine-list.ts";
import { print } from "./engines.ts";
import { type Figure, shown } from "./figures.ts";
import { machine } from "./machine.ts";
import { OWN_WORKLOADS, type OwnWorkload } from "./own-workloads.ts";
import { PEERS_NODE, installPeers } from "./peers.ts";
import { serverVersion, startPostgres } from "./postgres.ts";
import { type Findings, figureTable, report, targetTable } from "./report.ts";
import { selectionOf } from "./selection.ts";
import { sizes } from "./sizes.ts";
import { targetLines } from "./targets.ts";

const RESULTS = fileURLToPath(new URL("../RESULTS.md", import.meta.url));

// All that is measured runs under the peers' Node, and some of it in this process.
installPeers(print);
if (realpathSync(process.execPath) !== realpathSync(PEERS_NODE)) {
  const child = spawn(PEERS_NODE, process.argv.slice(1), { stdio: "inherit" });
  // The terminal tells both; the child cleans up, and is waited for.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill());
  const [status] = (await once(child, "exit")) as [number | null];
  process.exit(status ?? 1);
}
cleanUpOnSignals();
const failure = await bench(process.argv.slice(2)).catch((error: unknown) => error);
// Interrupted, whatever failed did so because of that: the process ends when all is cleaned up.
if (isInterrupted()) await new Promise(() => {});
await cleanUpAll();
if (failure !== undefined) process.stderr.write(`${inspect(failure)}\n`);
process.exit(failure === undefined ? 0 : 1);

async function bench(words: readonly string[]): Promise<void> {
  const selection = selectionOf(words, { engines: ENGINES, own: OWN_WORKLOADS });
  const cluster = await startPostgres();
  const { repeats, seconds } = selection.isQuick ? { repeats: 1, seconds: 2 } : sizes();
  const versions = {
    node: process.version,
    postgres: await serverVersion(cluster.url),
  };
  const about = machine(versions);
  about.forEach(print);
  const date = new Date();
  const { engines, workloads } = selection;
  const results = await compare({ engines, workloads, repeats, seconds, cluster, print });
  await cluster.remove();
  const { failures, own } = await measureOwn(selection.own);
  const findings = { machine: about, date, repeats, seconds, results, workloads, own, failures };
  tell(findings);
  if (!selection.isWhole) return;
  writeFileSync(RESULTS, report(findings));
  print(`written to ${RESULTS}`);
}

async function measureOwn(workloads: readonly OwnWorkload[]): Promise<{ failures: string[]; own: Figure[] }> {
  const own: Figure[] = [];
  const failures: string[] = [];
  for (const { measure, name } of workloads) {
    goOn();
    print(name);
    try {
      for (const figure of await measure()) {
        own.push(figure);
        print(`  ${figure.name}: ${shown(figure.value)} ${figure.unit}`);
      }
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
      print(`  failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return { failures, own };
}

function tell({ own, results, workloads }: Findings): void {
  const measured = results.filter(({ medians }) => Object.keys(medians).length > 0);
  if (measured.length > 0) {
    for (const figures of [...workloads.map((each) => each.figures), [FOREIGN]])
      print(`\n${figureTable(measured, figures)}`);
  }
  const targets = targetLines(results, own).filter(({ verdict }) => verdict !== "not measured");
  if (targets.length > 0) print(`\n${targetTable(targets)}`);
}
