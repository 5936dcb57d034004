import {
  type DescService,
  type JsonValue,
  type MessageInitShape,
  create,
  toJson,
  toJsonString,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import * as proto from "@kagzi/proto";
import { Client, workflow } from "kagzi";
import { beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, useEngine } from "./fixture.ts";
import {
  FOREIGN_CALLS,
  type Expected,
  type ForeignCall,
  type Inhabitants,
  LIMIT,
  NEWS,
  OWN_VERSION,
  TYPE,
} from "./isolation-calls.ts";
import { talkOverStream } from "./isolation-stream.ts";

/** Everything that the contract offers, as it says itself. */
const SERVICES = Object.values(proto).filter(
  (each): each is DescService & typeof each => typeof each === "object" && "kind" in each && each.kind === "service",
);
const SECRET = "only-in-a";
const SERVED = ENGINES.filter(([name]) => name.includes("server"));

it("every call of the contract is tried out from another namespace", () => {
  const tried = new Set(FOREIGN_CALLS.map(({ method }) => `${method.parent.name}.${method.name}`));
  // Its messages go both ways: it has a test of its own.
  tried.add("WorkerService.Work");
  const offered = SERVICES.flatMap((service) => service.methods.map((method) => `${service.name}.${method.name}`));
  expect(offered.length).toBeGreaterThan(40);
  expect([...tried].toSorted()).toEqual(offered.toSorted());
});

describe.each(SERVED)("a namespace, seen from another one on %s,", (_, open) => {
  const f = useEngine(() => open({ config: { leaseMs: 120_000 } }));
  let transport: Transport;
  let a: Inhabitants;
  let b: Inhabitants;

  beforeEach(async () => {
    const baseUrl = "url" in f.engine.at ? f.engine.at.url : "";
    transport = createConnectTransport({ baseUrl, httpVersion: "2" });
    a = await settle("a", [OWN_VERSION, "1"]);
    b = await settle("b", ["1"]);
  });

  it("cannot be reached by any call", async () => {
    const before = await snapshot(a.namespaceId);
    for (const call of FOREIGN_CALLS) await tryOut(call);
    expect(await snapshot(a.namespaceId)).toEqual(before);
  });

  it("cannot be reached over a worker's stream, nor by what a run of the other one asks for", async () => {
    const before = await snapshot(a.namespaceId);
    const childId = await talkOverStream(transport, a, b);
    expect(await snapshot(a.namespaceId)).toEqual(before);
    // What it started is in its own namespace, whatever it said.
    const client = createClient(proto.WorkflowService, transport);
    const child = await client.getWorkflow({ namespaceId: b.namespaceId, runId: childId });
    expect(child.workflow).toMatchObject({ namespaceId: b.namespaceId, parentRunId: expect.any(String) });
  });

  async function tryOut(call: ForeignCall): Promise<void> {
    const { expected, method } = call;
    const request = create(method.input, call.request(a, b) as MessageInitShape<typeof method.input>);
    const asked = toJsonString(method.input, request);
    const what = `${method.name} with ${asked}`;
    // A token says which run it is of.
    const isToken = [a.stepToken, a.taskToken].some((token) => asked.includes(token));
    const client: Record<string, (request: object) => Promise<never>> = createClient(method.parent, transport);
    const answer = await client[method.localName]?.(request).then(
      (message) => toJsonString(method.output, message),
      (error: unknown) => ConnectError.from(error),
    );
    if (answer === undefined) expect.fail(`there is no ${method.name}`);
    check(expected, answer, what);
    const seen = typeof answer === "string" ? answer : answer.rawMessage;
    for (const mark of [...Object.values(a), SECRET, btoa(JSON.stringify(SECRET))]) {
      const isKnown = mark === a.namespaceId || asked.includes(mark) || (isToken && mark === a.heldRunId);
      if (!isKnown) expect(seen, what).not.toContain(mark);
    }
  }

  /** Fills a namespace with runs in every state, and all else that it can have. Nothing in it moves by itself any more. */
  async function settle(name: string, versions: readonly string[]): Promise<Inhabitants> {
    await f.client.namespaces.create(name);
    await using client = new Client({ ...f.engine.at, namespace: name });
    const secret = name === "a" ? SECRET : "only-in-b";
    const schedule = { id: `nightly-of-${name}`, cron: "@yearly" };
    const nap = workflow("nap", { schedule }, async (ctx) => ctx.sleep("long", "30d"));
    const waits = workflow("waits", async (ctx) => {
      await ctx.step("note", () => secret);
      await ctx.waitForEvent("go");
    });
    const parent = workflow("parent", async (ctx) => ctx.invoke(waits, undefined));
    const fails = workflow("fails", async () => Promise.reject(new Error(secret)));
    const reads = workflow("reads", { on: NEWS }, async (ctx) => ctx.waitForEvent(NEWS));
    const worker = await f.work([nap, waits, parent, fails, reads], { namespace: name });
    const waiting = await client.start(waits, undefined, { id: `order-of-${name}` });
    const failed = await client.start(fails, undefined);
    const paused = await client.start(nap, undefined);
    const family = await client.start(parent, undefined);
    const news = await client.send(NEWS, secret, { id: `news-of-${name}` });
    await failure(failed);
    for (const run of [waiting, family, client.run(news.startedRunIds[0] ?? "")]) await reaches(run, "waiting");
    await waiting.send("other", secret, { id: `event-of-${name}` });
    await reaches(paused, "sleeping");
    await paused.pause(secret);
    await worker.stop();
    await client.schedules.create(`made-in-${name}`, { workflow: TYPE, at: new Date(Date.now() + 1e9), input: secret });
    const held = await holdByHand(name, versions);
    const ready = name === "a" ? await client.start(TYPE, secret) : waiting;
    return {
      ...held,
      namespaceId: name,
      runId: waiting.id,
      readyRunId: ready.id,
      failedRunId: failed.id,
      pausedRunId: paused.id,
      externalId: `order-of-${name}`,
      eventId: `event-of-${name}`,
      newsId: news.id,
      scheduleId: `made-in-${name}`,
      ownLimit: `limit-of-${name}`,
    };
  }

  /** A worker that makes single calls, with a run in its hands, and slots in the hands of that. */
  async function holdByHand(namespaceId: string, versions: readonly string[]) {
    const workers = createClient(proto.WorkerService, transport);
    const runs = createClient(proto.WorkflowService, transport);
    const concurrency = [{ limit: 1 }];
    // Only A's runs of the shared workflow are held back: one is there, and one more waits for its turn.
    const limits = namespaceId === "a" ? { concurrency } : {};
    const workflows = versions.map((version) => ({ workflowType: TYPE, version, ...limits }));
    const named = [LIMIT, `limit-of-${namespaceId}`];
    const { workerId } = await workers.register({
      namespaceId,
      workflows,
      limits: Object.fromEntries(named.map((each) => [each, { concurrency }])),
    });
    const { runId: heldRunId } = await runs.startWorkflow({ namespaceId, workflowType: TYPE });
    const { taskToken } = await workers.pollTask({ namespaceId, workerId, timeoutMs: 20_000n });
    const step = { namespaceId, runId: heldRunId, taskToken };
    const { stepId } = await workers.beginStep({ ...step, stepName: "note" });
    const secret = namespaceId === "a" ? SECRET : "only-in-b";
    await workers.completeStep({ ...step, stepId, output: { data: Buffer.from(JSON.stringify(secret)) } });
    const begun = await workers.beginStep({ ...step, stepName: "charge" });
    for (const limit of named) {
      const slot = { namespaceId, runId: heldRunId, epoch: 1, limit, occurrence: 1 };
      expect(await workers.acquireSlot({ ...slot, stepName: "charge" })).toMatchObject({ granted: true });
      expect(await workers.acquireSlot({ ...slot, stepName: "again" })).toMatchObject({ granted: false });
    }
    return { workerId, heldRunId, taskToken, stepToken: begun.stepId, stepId: `${heldRunId}/note` };
  }

  /** Everything that a namespace shows of itself. */
  async function snapshot(namespaceId: string): Promise<readonly JsonValue[]> {
    const runs = createClient(proto.WorkflowService, transport);
    const admin = createClient(proto.AdminService, transport);
    const workers = createClient(proto.WorkerService, transport);
    const schedules = createClient(proto.WorkflowScheduleService, transport);
    const events = createClient(proto.EventService, transport);
    const page = { pageSize: 1000 };
    const list = await runs.listWorkflows({ namespaceId, page });
    expect(list.workflows).toHaveLength(8);
    const seen = [
      toJson(proto.ListWorkflowsResponseSchema, list),
      toJson(proto.ListWorkersResponseSchema, await admin.listWorkers({ namespaceId, page })),
      toJson(proto.GetStatsResponseSchema, await admin.getStats({ namespaceId })),
      toJson(
        proto.GetWorkflowVersionsResponseSchema,
        await admin.getWorkflowVersions({ namespaceId, workflowType: TYPE }),
      ),
      toJson(proto.ListWorkflowSchedulesResponseSchema, await schedules.listWorkflowSchedules({ namespaceId, page })),
      toJson(proto.ListEventsResponseSchema, await events.listEvents({ namespaceId, page })),
      toJson(proto.GetWorkflowLimitsResponseSchema, await admin.getWorkflowLimits({ namespaceId, workflowType: TYPE })),
      toJson(
        proto.GetNamespaceResponseSchema,
        await createClient(proto.NamespaceService, transport).getNamespace({ namespaceId }),
      ),
    ];
    for (const name of [LIMIT, `limit-of-${namespaceId}`]) {
      seen.push(toJson(proto.GetStepLimitResponseSchema, await admin.getStepLimit({ namespaceId, name })));
    }
    for (const { runId } of list.workflows) {
      const run = { namespaceId, runId };
      seen.push(
        toJson(proto.GetWorkflowResponseSchema, await runs.getWorkflow(run)),
        toJson(proto.ListStepsResponseSchema, await admin.listSteps({ ...run, page })),
        toJson(proto.ReadHistoryResponseSchema, await workers.readHistory(run)),
      );
    }
    return seen;
  }
});

function check(expected: Expected, answer: string | ConnectError, what: string): void {
  if (expected === "own") return expect(answer, what).toBeTypeOf("string");
  const isEmpty = typeof answer === "string" && /^\{("page":\{\})?\}$/.test(answer);
  if (expected === "empty") return expect(isEmpty, `${what} answered ${String(answer)}`).toBe(true);
  const code = expected === "lost" ? Code.FailedPrecondition : Code.NotFound;
  expect(typeof answer === "string" ? undefined : answer.code, `${what} answered ${String(answer)}`).toBe(code);
}
