import { cpus, loadavg, release, totalmem, type as system } from "node:os";

/** What all of it ran on, in lines of Markdown. */
export function machine(versions: { readonly node: string; readonly postgres: string }): string[] {
  const [cpu] = cpus();
  return [
    `- ${cpus().length} cores of ${cpu?.model.trim() ?? "an unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, ${system()} ${release()}`,
    `- load average before the start: ${loadavg()[1]?.toFixed(1)} (5 minutes); where it is not near 0, others used the machine, too`,
    `- Node.js ${versions.node} for every program that is measured`,
    `- PostgreSQL ${versions.postgres}, the same server for all, a fresh database for each; fsync on, synchronous_commit on, shared_buffers 256 MB`,
  ];
}
