import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescMethod, type DescService, type JsonValue, type Message, create, toJson } from "@bufbuild/protobuf";
import { type Store, uuidv7Source } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import * as proto from "@kagzi/proto";
import { type Env, type Log, type RunningEngine, type Services, startEngine, systemEnv } from "@kagzi/server";
import { Chance } from "./chance.ts";
import { Pools } from "./pools.ts";

/** Where every call of the fuzzer is made, as far as it says where. */
export const HERE = "alpha";
/** Where none is: nothing of it may come out, and nothing in it may change. */
const THERE = "tenant-b-7f3a";
/** In everything that has been put there. */
export const CANARY = "canary-5e1f0c2b";

/** A disk that nothing is written to in the end is as good, and does not keep the fuzzer waiting. */
const FOLDERS = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** No lease ends while messages are tried out. */
const LEASE_MS = 3_600_000;

/** A limit that there is room under. */
const ROOMY = { api: { concurrency: [{ limit: 1000 }] } };

/** A service, its descriptor, and how its methods are called in this process. */
export interface Served {
  readonly desc: DescService;
  readonly implementation: object;
}

/** An engine with a namespace to do anything in, and another one to be left alone. */
export interface World {
  readonly services: readonly Served[];
  readonly pools: Pools;
  /** What the engine logged as an error: bad input must not come so far. */
  readonly errors: readonly string[];
  /** Everything that the other namespace shows of itself. */
  look(): Promise<readonly JsonValue[]>;
  /** Opens the fuzzer's namespace again, which a message may have disabled, with fresh runs, one that has ended, and a worker that has one of them. */
  stir(): Promise<void>;
  /** Ends the engine. Answers with one line for each invariant that a row breaks. */
  close(): Promise<readonly string[]>;
}

export async function createWorld(seed: number, postgresUrl?: string): Promise<World> {
  const folder = mkdtempSync(join(FOLDERS, "kagzi-fuzz-"));
  const schema = `fuzz_${process.pid}_${seed}`;
  const store = await openStore(postgresUrl ?? `sqlite:${join(folder, "fuzz.db")}`, { schema });
  const errors: string[] = [];
  const engine = startEngine({
    store,
    env: seededEnv(seed),
    log: logInto(errors),
    config: { leaseMs: LEASE_MS, pollMs: 200 },
  });
  await engine.ready;
  const { services } = engine;
  for (const namespaceId of [HERE, THERE, "closed"])
    await services.namespace.createNamespace(init(proto.CreateNamespaceRequestSchema, { namespaceId }), CALL);
  await services.namespace.disableNamespace(init(proto.DisableNamespaceRequestSchema, { namespaceId: "closed" }), CALL);
  const foreign = await settle(services);
  const pools = new Pools(foreign);
  return {
    services: servedBy(services),
    pools,
    errors,
    look: () => look(services),
    stir: () => stir(services, pools),
    close: () => close(engine, store, folder),
  };
}

async function stir({ namespace, worker, workflow }: Services, pools: Pools): Promise<void> {
  const namespaceId = HERE;
  await namespace.enableNamespace(init(proto.EnableNamespaceRequestSchema, { namespaceId }), CALL);
  const workflowTypes = ["order", "invoice"];
  const registered = init(
    proto.RegisterResponseSchema,
    await worker.register(init(proto.RegisterRequestSchema, { namespaceId, workflowTypes, limits: ROOMY }), CALL),
  );
  pools.learn(proto.RegisterResponseSchema, registered);
  const about = { namespaceId, version: "1", workflowType: "order", priority: 100 };
  for (let count = 0; count < 3; count++) {
    const started = await workflow.startWorkflow(init(proto.StartWorkflowRequestSchema, about), CALL);
    pools.learn(proto.StartWorkflowResponseSchema, init(proto.StartWorkflowResponseSchema, started));
    const run = { namespaceId, runId: started.runId ?? "" };
    // Only a run that has ended can be tried again.
    if (count === 0) await workflow.terminateWorkflow(init(proto.TerminateWorkflowRequestSchema, run), CALL);
  }
  const { workerId } = registered;
  const polled = init(
    proto.PollTaskResponseSchema,
    await worker.pollTask(init(proto.PollTaskRequestSchema, { namespaceId, workerId, timeoutMs: 20n }), CALL),
  );
  const { runId, taskToken } = polled;
  if (runId === undefined || taskToken === undefined) return;
  pools.learnLease({}, polled);
  const begun = await worker.beginStep(
    init(proto.BeginStepRequestSchema, { namespaceId, runId, taskToken, stepName: "go" }),
    CALL,
  );
  pools.learnLease(polled, begun);
}

async function close(engine: RunningEngine, store: Store, folder: string): Promise<readonly string[]> {
  await engine.stop();
  const broken = await store.violations();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return broken;
}

/** The real one, with ids and chance of the seed. */
function seededEnv(seed: number): Env {
  const chance = new Chance(seed);
  return {
    ...systemEnv(),
    random: () => chance.next() / 2 ** 32,
    newUuid: uuidv7Source({ now: Date.now, randomBytes: (count) => chance.bytes(count) }),
  };
}

function ignore(): void {}

function logInto(errors: string[]): Log {
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message, fields) => errors.push(`${message}: ${JSON.stringify(fields)}`),
  };
}

/** Every service of the contract, found by the name of its descriptor: a new one is called like the others. */
function servedBy(services: Services): readonly Served[] {
  const implementations: Readonly<Record<string, object>> = { ...services };
  return Object.values(proto)
    .filter(
      (each): each is DescService & typeof each =>
        typeof each === "object" && "kind" in each && each.kind === "service",
    )
    .map((desc) => {
      const name = Object.keys(implementations).find((key) =>
        desc.name.toLowerCase().endsWith(`${key.toLowerCase()}service`),
      );
      // WorkflowService and WorkflowScheduleService begin alike, and do not end alike.
      const implementation = implementations[name ?? ""];
      if (implementation === undefined) throw new Error(`nobody serves ${desc.typeName}`);
      return { desc, implementation };
    });
}

const CALL = { signal: new AbortController().signal };
const init = create;

/** Fills the other namespace with one of everything, and answers with its ids. */
async function settle(services: Services): Promise<Readonly<Record<string, readonly string[]>>> {
  const namespaceId = THERE;
  const there = { namespaceId };
  const payload = {
    data: Buffer.from(JSON.stringify({ customer: CANARY })),
    metadata: { "content-type": "application/json", note: CANARY },
  };
  const call = async <Method extends DescMethod>(method: Method, request: object): Promise<Record<string, never>> => {
    const served = servedBy(services).find(({ desc }) => desc.typeName === method.parent.typeName);
    const implementation = Reflect.get(served?.implementation ?? {}, method.localName) as (
      request: Message,
      about: object,
    ) => Promise<Record<string, never>>;
    return implementation(create(method.input, { ...there, ...request }), CALL);
  };
  const { method: runs } = proto.WorkflowService;
  const { method: workers } = proto.WorkerService;
  const concurrency = [{ limit: 1, key: "customer" }];
  const workflows = [
    { workflowType: "order", version: "1", on: ["news"] },
    { workflowType: `own-${CANARY}`, version: "1", concurrency },
  ];
  const { workerId = "" } = await call(workers.register, {
    workflows,
    hostname: CANARY,
    labels: { a: CANARY },
    limits: { api: { concurrency: [{ limit: 1 }] } },
  });
  const ids: string[] = [];
  for (const n of [0, 1, 2]) {
    const { runId = "" } = await call(runs.startWorkflow, {
      workflowType: "order",
      externalId: `order-${n}`,
      input: payload,
    });
    ids.push(runId);
  }
  await call(proto.AdminService.method.setDefaultVersion, { workflowType: "order", version: "1" });
  await call(proto.EventService.method.sendEvent, { name: "news", eventId: "event-1", key: CANARY, payload });
  const schedule = { scheduleId: "schedule-1", workflowType: "order", cronExpr: "0 0 29 2 *", input: payload };
  await call(proto.WorkflowScheduleService.method.createWorkflowSchedule, schedule);
  const { runId = "", taskToken } = await call(workers.pollTask, { workerId, timeoutMs: 20_000n });
  const held = { runId, taskToken };
  const { stepId } = await call(workers.beginStep, { ...held, stepName: "charge", input: payload });
  await call(workers.completeStep, { ...held, stepId, output: payload });
  const { stepId: second } = await call(workers.beginStep, { ...held, stepName: CANARY });
  await call(workers.failStep, { ...held, stepId: second, error: { message: CANARY } });
  const [first = ""] = ids;
  await call(runs.pauseWorkflow, { runId: first, reason: CANARY });
  return { runId: [...ids, runId], workerId: [workerId], stepId: [`${runId}/charge`, `${first}/charge`] };
}

async function look(services: Services): Promise<readonly JsonValue[]> {
  const there = { namespaceId: THERE };
  const page = { pageSize: 1000 };
  const { admin, event, schedule, worker, workflow } = services;
  const list = await workflow.listWorkflows(init(proto.ListWorkflowsRequestSchema, { ...there, page }), CALL);
  const seen = [
    json(proto.ListWorkflowsResponseSchema, list),
    json(
      proto.ListWorkersResponseSchema,
      await admin.listWorkers(init(proto.ListWorkersRequestSchema, { ...there, page }), CALL),
    ),
    json(
      proto.ListEventsResponseSchema,
      await event.listEvents(init(proto.ListEventsRequestSchema, { ...there, page }), CALL),
    ),
    json(
      proto.GetStepLimitResponseSchema,
      await admin.getStepLimit(init(proto.GetStepLimitRequestSchema, { ...there, name: "api" }), CALL),
    ),
    json(
      proto.ListWorkflowSchedulesResponseSchema,
      await schedule.listWorkflowSchedules(init(proto.ListWorkflowSchedulesRequestSchema, { ...there, page }), CALL),
    ),
  ];
  for (const { runId = "" } of list.workflows ?? []) {
    const run = { ...there, runId };
    seen.push(
      json(
        proto.GetWorkflowResponseSchema,
        await workflow.getWorkflow(init(proto.GetWorkflowRequestSchema, run), CALL),
      ),
      json(proto.ReadHistoryResponseSchema, await worker.readHistory(init(proto.ReadHistoryRequestSchema, run), CALL)),
    );
  }
  return seen;
}

function json(schema: Parameters<typeof create>[0], answer: object): JsonValue {
  return toJson(schema, create(schema, answer as never));
}
