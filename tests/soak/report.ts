import { arch, cpus, platform, totalmem } from "node:os";
import { writeSection } from "@kagzi/test-support";
import { soakCommand } from "./settings.ts";
import type { ProcessName, Sample } from "./system.ts";
import { type Point, slopePerHour } from "./trend.ts";

const MIB = 1024 * 1024;

/** Writes what was measured into a page, with how much of it grows in an hour. */
export function writeReport(page: string, samples: readonly Sample[]): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${platform()} ${arch()}, Node ${process.version}`;
  const runs = samples.at(-1)?.runs ?? 0;
  const lines = [
    "## Over hours",
    "",
    `\`${soakCommand()}\` on ${machine}: ${runs} runs in ${Math.round((samples.at(-1)?.seconds ?? 0) / 60)} minutes, of eight kinds`,
    "(steps one after the other and side by side, sleeps, events, children, retries, limits, failures), each removed when it has ended.",
    "After each part of the load everything came to rest and was collected, and was then looked at.",
    "",
    `| what | after a third | in the end |${isLong(samples) ? " grows in an hour by |" : ""}`,
    `| --- | --: | --: |${isLong(samples) ? " --: |" : ""}`,
    ...rowsOf(samples),
  ];
  writeSection(page, "soak", lines.join("\n"));
}

/** A line through a few minutes says nothing of hours. */
function isLong(samples: readonly Sample[]): boolean {
  return (samples.at(-1)?.seconds ?? 0) >= 30 * 60;
}

function rowsOf(samples: readonly Sample[]): readonly string[] {
  const processes: readonly ProcessName[] = ["server", "worker", "client"];
  return [
    ...processes.flatMap((name) => [
      row(samples, `heap of the ${name}, MiB`, ({ processes: all }) => all[name].heapUsed / MIB),
      row(samples, `resident memory of the ${name}, MiB`, ({ processes: all }) => all[name].rss / MIB),
      row(samples, `open files of the ${name}`, ({ processes: all }) => all[name].files),
    ]),
    row(samples, "database, MiB", ({ database }) => database.bytes / MIB),
    row(samples, "dead rows", ({ database }) => database.deadRows),
    row(samples, "connections to PostgreSQL", ({ database }) => database.connections),
    row(samples, "start to result, median, ms", ({ loaded }) => loaded.p50),
    row(samples, "start to result, 99th percentile, ms", ({ loaded }) => loaded.p99),
  ];
}

function row(samples: readonly Sample[], what: string, of: (sample: Sample) => number): string {
  const late = samples.slice(Math.ceil(samples.length / 3) - 1);
  const points = late.map((sample): Point => [sample.seconds / 3600, of(sample)]);
  const slope = isLong(samples) ? [slopePerHour(points)] : [];
  const values = [points[0]?.[1] ?? 0, points.at(-1)?.[1] ?? 0, ...slope];
  return `| ${what} | ${values.map((value) => value.toFixed(Math.abs(value) < 100 ? 1 : 0)).join(" | ")} |`;
}
