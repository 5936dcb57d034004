import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@kagzi/test-support";
import type { EngineDefinition, EngineServer } from "./engine.ts";
import { PEERS_NODE, peerFile, peerProgram, peerVersion } from "./peers.ts";
import type { Place } from "./programs/program.ts";
import { run } from "./remote.ts";

const CLI = dirname(createRequire(import.meta.url).resolve("@kagzi/cli/package.json"));

/** All engines, Kagzi's two first: what is measured is compared with them. */
export const ENGINES: readonly EngineDefinition[] = [
  {
    name: "kagzi",
    title: "Kagzi, server on PostgreSQL",
    version: kagziVersion,
    program: programOf("kagzi-server"),
    kind: "workflows",
    storage: "postgres",
    processes: 2,
    startServer: startKagzi,
  },
  {
    name: "kagzi-sqlite",
    title: "Kagzi, embedded on SQLite",
    version: kagziVersion,
    program: programOf("kagzi-embedded"),
    kind: "workflows",
    storage: "sqlite",
    processes: 1,
  },
  {
    name: "dbos",
    title: "DBOS (queue)",
    version: () => peerVersion("@dbos-inc/dbos-sdk"),
    program: peerProgram("dbos"),
    kind: "workflows",
    storage: "postgres",
    processes: 2,
  },
  {
    name: "openworkflow",
    title: "OpenWorkflow, PostgreSQL",
    version: () => peerVersion("openworkflow"),
    program: peerProgram("openworkflow-postgres"),
    kind: "workflows",
    storage: "postgres",
    processes: 2,
  },
  {
    name: "openworkflow-sqlite",
    title: "OpenWorkflow, SQLite",
    version: () => peerVersion("openworkflow"),
    program: peerProgram("openworkflow-sqlite"),
    kind: "workflows",
    storage: "sqlite",
    processes: 1,
  },
  {
    name: "restate",
    title: "Restate (its own log)",
    version: () => `${peerVersion("@restatedev/restate-server")}, SDK ${peerVersion("@restatedev/restate-sdk")}`,
    program: peerProgram("restate"),
    kind: "workflows",
    storage: "own",
    processes: 2,
    startServer: startRestate,
    holdsBySignal: true,
  },
  {
    name: "graphile-worker",
    title: "graphile-worker (plain jobs)",
    version: () => peerVersion("graphile-worker"),
    program: peerProgram("graphile-worker"),
    kind: "jobs",
    storage: "postgres",
    processes: 2,
  },
  {
    name: "pg-boss",
    title: "pg-boss (plain jobs)",
    version: () => peerVersion("pg-boss"),
    program: peerProgram("pg-boss"),
    kind: "jobs",
    storage: "postgres",
    processes: 2,
  },
];

function programOf(name: string): string {
  return fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));
}

function kagziVersion(): string {
  return (JSON.parse(readFileSync(join(CLI, "package.json"), "utf8")) as { version: string }).version;
}

async function startKagzi({ url }: Place): Promise<EngineServer> {
  const port = await freePort();
  const args = [join(CLI, "bin", "kagzi.js"), "server", "--db", url, "--port", String(port), "--log-level", "warn"];
  const server = run({ file: PEERS_NODE, args });
  const address = `http://127.0.0.1:${port}`;
  await Promise.race([answersOk(`${address}/readyz`), server.failed]);
  return { process: server, url: address };
}

/** Its address is that of its ingress and that of its admin API. */
async function startRestate({ folder }: Place): Promise<EngineServer> {
  const [ingress, admin, fabric] = [await freePort(), await freePort(), await freePort()];
  const server = run({
    file: peerFile(`@restatedev/restate-server-${process.platform}-${process.arch}`, "bin", "restate-server"),
    args: ["--no-logo", "--listen-mode", "tcp", "--bind-ip", "127.0.0.1", "--bind-port", String(fabric)],
    env: {
      RESTATE_BASE_DIR: join(folder, "restate"),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LOG_FILTER: "error",
    },
  });
  const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingress}`, `http://127.0.0.1:${admin}`];
  await Promise.race([answersOk(`${adminUrl}/health`), server.failed]);
  await Promise.race([answersOk(`${ingressUrl}/restate/health`), server.failed]);
  return { process: server, url: `${ingressUrl} ${adminUrl}` };
}

async function answersOk(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
