import { toJson } from "@bufbuild/protobuf";
import { KagziError, isUuid, notFound } from "@kagzi/core";
import { type Worker, WorkerSchema, type WorkerStatus } from "@kagzi/proto";
import type { Command } from "commander";
import { withExamples } from "./examples.ts";
import { type ListView, type Output, said, showRecord, timeCell } from "./output.ts";
import { listAll } from "./pages.ts";
import { type ServerFlags, type Session, inNamespace, inSession, showFound } from "./session.ts";
import { workerStatus, workerStatusNamed } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { dateOf } from "./times.ts";
import { addFileWorker } from "./worker-command.ts";

const MOST_NAMED = 5;

/** The commands about workers. */
export function addWorker(kagzi: Command, cli: Surroundings): void {
  const worker = addFileWorker(kagzi, cli);
  addList(worker, cli);
  addShow(worker, cli);
  addDrain(worker, cli);
}

function addList(worker: Command, cli: Surroundings): void {
  const command = inNamespace(worker.command("list"))
    .description("list workers")
    .option("-s, --status <status>", "online, draining or offline", workerStatusNamed);
  withExamples(command, "kagzi worker list", "kagzi worker list --status online -o json").action(
    (flags: ServerFlags & { readonly status?: WorkerStatus }) =>
      inSession(cli, flags, async (session) => {
        await showFound(session, await workersOf(session, flags.status), workersView(session.output));
      }),
  );
}

function addShow(worker: Command, cli: Surroundings): void {
  const command = inNamespace(worker.command("show <worker>")).description(
    "show a worker: its slots, its workflows and when it was heard of; a beginning of its id will do",
  );
  withExamples(command, "kagzi worker show latest", "kagzi worker show latest -o json").action(
    (text: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        const { ask, connection, namespaceId, output } = session;
        const workerId = await findWorker(session, text);
        const { worker: found } = await ask((options) =>
          connection.admin.getWorker({ namespaceId, workerId }, options),
        );
        if (found !== undefined) showRecord(output, recordOf(output, found));
      }),
  );
}

function addDrain(worker: Command, cli: Surroundings): void {
  const command = inNamespace(worker.command("drain <worker>")).description(
    "let a worker finish what it holds; it is given nothing more",
  );
  withExamples(command, "kagzi worker drain latest", "kagzi worker drain latest -o id").action(
    (text: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        const { ask, connection, namespaceId, output } = session;
        const workerId = await findWorker(session, text);
        const { worker: found } = await ask((options) =>
          connection.admin.drainWorker({ namespaceId, workerId }, options),
        );
        if (found === undefined) return;
        const left = `${found.activeCount} runs are left`;
        const sentence = `worker ${workerId} finishes what it holds and takes no more; ${left}`;
        said(output, sentence, { json: toJson(WorkerSchema, found), id: workerId });
      }),
  );
}

/** All workers of the namespace, or those in a status. */
export function workersOf(session: Session, status: WorkerStatus | undefined): Promise<readonly Worker[]> {
  const { ask, connection, namespaceId } = session;
  const filter = { namespaceId, ...(status !== undefined && { statusFilter: status }) };
  return listAll(async (page) => {
    const answer = await ask((options) => connection.admin.listWorkers({ ...filter, page }, options));
    return [answer.workers, answer.page];
  });
}

/** @throws KagziError `NOT_FOUND`; `INVALID_ARGUMENT` where several ids begin so */
async function findWorker(session: Session, text: string): Promise<string> {
  if (isUuid(text)) return text;
  const all = await workersOf(session, undefined);
  if (text === "latest") {
    const [newest] = all.toSorted((a, b) => (registeredMs(a) < registeredMs(b) ? 1 : -1));
    if (newest !== undefined) return newest.workerId;
    throw notFound("worker", text, `namespace ${session.namespaceId} has none; -n names another one`);
  }
  const found = all.filter(({ workerId }) => workerId.startsWith(text));
  const [first, second] = found;
  if (first === undefined) throw notFound("worker", text, "no worker's id begins so; kagzi worker list shows them");
  if (second === undefined) return first.workerId;
  const lines = found.slice(0, MOST_NAMED).map(({ hostname, workerId }) => `\n  ${workerId}  ${hostname}`);
  throw new KagziError(
    "INVALID_ARGUMENT",
    `${found.length} workers begin with ${text}; give more of the id:${lines.join("")}`,
  );
}

function registeredMs({ registeredAt }: Worker): number {
  return dateOf(registeredAt)?.getTime() ?? 0;
}

function slots({ activeCount, maxConcurrent }: Worker): string {
  return `${activeCount}/${maxConcurrent}`;
}

function workflowsOf({ workflows }: Worker): readonly string[] {
  return workflows.map(({ version, workflowType }) => `${workflowType}@${version}`);
}

function workersView(output: Output): ListView<Worker> {
  return {
    columns: [
      { title: "STATUS", cell: ({ status }) => workerStatus(status) },
      { title: "WORKER", cell: ({ workerId }) => workerId },
      { title: "HOST", cell: ({ hostname, pid }) => `${hostname}:${pid}`, narrow: 4 },
      { title: "SLOTS", cell: slots, narrow: 1 },
      { title: "HEARD", cell: ({ lastHeartbeatAt }) => timeCell(output, dateOf(lastHeartbeatAt)), narrow: 2 },
      { title: "VERSION", cell: ({ version }) => version, narrow: 3 },
      { title: "WORKFLOWS", cell: (worker) => workflowsOf(worker).join(", "), narrow: "cut" },
    ],
    json: (worker) => toJson(WorkerSchema, worker),
    id: ({ workerId }) => workerId,
    none: "no workers",
  };
}

function recordOf(output: Output, worker: Worker) {
  const labels = Object.entries(worker.labels).map(([name, value]) => `${name}=${value}`);
  return {
    fields: [
      ["worker", worker.workerId],
      ["status", workerStatus(worker.status)],
      ["host", `${worker.hostname}, process ${worker.pid}`],
      ["version", worker.version],
      ["slots", `${worker.activeCount} of ${worker.maxConcurrent} taken`],
      ["done", `${worker.totalCompleted} completed, ${worker.totalFailed} failed`],
      ["registered", timeCell(output, dateOf(worker.registeredAt))],
      ["heard", timeCell(output, dateOf(worker.lastHeartbeatAt))],
      ["task queue", worker.taskQueue === "" ? undefined : worker.taskQueue],
      ["labels", labels.length === 0 ? undefined : labels.join(", ")],
      ["workflows", workflowsOf(worker).join("\n")],
    ],
    json: toJson(WorkerSchema, worker),
    id: worker.workerId,
  } as const;
}
