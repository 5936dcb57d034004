import { Code, ConnectError, type Transport, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import {
  AdminService,
  ErrorCode,
  ErrorDetailSchema,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
  WorkflowStatus,
} from "@kagzi/proto";
import { Health, ServerReflection } from "@kagzi/proto/grpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "./engines.ts";

/** Of grpc.health.v1. */
const SERVING = 1;

let engine: TestEngine;
let baseUrl: string;

beforeAll(async () => {
  const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");
  engine = await open();
  baseUrl = "url" in engine.at ? engine.at.url : "";
});

afterAll(async () => {
  expect(await engine.close()).toEqual([]);
});

/** Node gives up on a message of that size by itself, before it is sent. */
const ROOMY = { maxSessionMemory: 100 };

type MakeTransport = () => Transport;
const PROTOCOLS: readonly (readonly [name: string, make: MakeTransport])[] = [
  ["gRPC", () => createGrpcTransport({ baseUrl, nodeOptions: ROOMY })],
  ["gRPC-web over HTTP/1.1", () => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC-web over HTTP/2", () => createGrpcWebTransport({ baseUrl, httpVersion: "2", nodeOptions: ROOMY })],
  ["Connect, binary, over HTTP/2", () => createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: ROOMY })],
  [
    "Connect, binary, uncompressed, over HTTP/2",
    () => createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: ROOMY, acceptCompression: [] }),
  ],
  [
    "Connect, binary, uncompressed, over HTTP/1.1",
    () => createConnectTransport({ baseUrl, httpVersion: "1.1", acceptCompression: [] }),
  ],
  [
    "Connect, JSON, over HTTP/1.1",
    () => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
];

/** The detail of the error that a call ends with. */
async function detailOf(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail("the call did not fail"),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  const [detail] = error.findDetails(ErrorDetailSchema);
  return { status: error.code, code: detail?.code, message: detail?.message ?? "", subjectId: detail?.subjectId };
}

describe.each(PROTOCOLS)("over %s a server", (_, make) => {
  it("starts a run, shows it and waits for it", async () => {
    const client = createClient(WorkflowService, make());
    const input = { data: Buffer.from('{"n":1}'), metadata: { "content-type": "application/json" } };
    const { runId } = await client.startWorkflow({ workflowType: "anything", input });
    const { workflow } = await client.getWorkflow({ runId });
    expect(workflow).toMatchObject({ runId, status: WorkflowStatus.PENDING, namespaceId: "default" });
    expect(Buffer.from(workflow?.input?.data ?? []).toString()).toBe('{"n":1}');
    expect(await client.waitWorkflow({ runId, timeoutMs: 1n })).toMatchObject({ finished: false });
  });

  it("says of every kind of failure what it is, in a detail", async () => {
    const transport = make();
    const workflows = createClient(WorkflowService, transport);
    const unknown = "01890000-0000-7000-8000-000000000000";
    expect(await detailOf(workflows.startWorkflow({}))).toMatchObject({
      status: Code.InvalidArgument,
      code: ErrorCode.INVALID_ARGUMENT,
    });
    expect(await detailOf(workflows.getWorkflow({ runId: unknown }))).toMatchObject({
      status: Code.NotFound,
      code: ErrorCode.NOT_FOUND,
      subjectId: unknown,
    });
    const key = `key-${Math.random()}`;
    await workflows.startWorkflow({ workflowType: "a", externalId: key });
    expect(await detailOf(workflows.startWorkflow({ workflowType: "b", externalId: key }))).toMatchObject({
      status: Code.AlreadyExists,
      code: ErrorCode.CONFLICT,
    });
    const large = { data: new Uint8Array(2 * 1024 * 1024) };
    expect(await detailOf(workflows.startWorkflow({ workflowType: "a", input: large }))).toMatchObject({
      status: Code.ResourceExhausted,
      code: ErrorCode.PAYLOAD_TOO_LARGE,
    });
    const tooLarge = { data: new Uint8Array(20 * 1024 * 1024) };
    expect(await detailOf(workflows.startWorkflow({ workflowType: "a", input: tooLarge }))).toMatchObject({
      status: Code.ResourceExhausted,
      code: ErrorCode.PAYLOAD_TOO_LARGE,
    });
    const workers = createClient(WorkerService, transport);
    expect(await detailOf(workers.heartbeat({ workerId: unknown }))).toMatchObject({ code: ErrorCode.NOT_FOUND });
  });

  it("offers every service of the contract", async () => {
    const transport = make();
    expect(await createClient(NamespaceService, transport).listNamespaces({})).toMatchObject({
      namespaces: [{ namespaceId: "default" }],
    });
    const events = createClient(EventService, transport);
    const { eventId } = await events.sendEvent({ name: "e", key: "k" });
    const { events: sent } = await events.listEvents({ name: "e", page: { pageSize: 1 } });
    expect(sent).toMatchObject([{ eventId, name: "e", key: "k", startedRunIds: [], takenCount: 0 }]);
    expect(await detailOf(events.sendEvent({}))).toMatchObject({ code: ErrorCode.INVALID_ARGUMENT });
    expect(await createClient(WorkflowScheduleService, transport).listWorkflowSchedules({})).toMatchObject({
      schedules: [],
    });
    expect(await createClient(AdminService, transport).getServerInfo({})).toMatchObject({ store: "sqlite" });
  });
});

describe("over gRPC a server", () => {
  it("tells its health as gRPC's own tools ask for it", async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl }));
    expect(await health.check({})).toMatchObject({ status: SERVING });
    expect(await health.check({ service: WorkflowService.typeName })).toMatchObject({ status: SERVING });
    await expect(health.check({ service: "no.such.Service" })).rejects.toMatchObject({ code: Code.NotFound });
    for await (const { status } of health.watch({})) {
      expect(status).toBe(SERVING);
      break;
    }
  });

  it("gives a run anew, under another lease, that was on its way when a worker's stream broke", async () => {
    const workers = createClient(WorkerService, createGrpcTransport({ baseUrl }));
    const { workerId } = await workers.register({ workflows: [{ workflowType: "on-its-way", version: "1" }] });
    const { runId } = await createClient(WorkflowService, createGrpcTransport({ baseUrl })).startWorkflow({
      workflowType: "on-its-way",
    });
    const nextTask = async () => {
      const over = new AbortController();
      const say = async function* () {
        yield { hello: { workerId } };
        await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
      };
      for await (const { tasks } of workers.work(say(), { signal: over.signal })) {
        const [task] = tasks;
        if (task === undefined) continue;
        over.abort();
        return task;
      }
      return expect.fail("the stream ended");
    };
    expect(await nextTask()).toMatchObject({ runId, epoch: 1 });
    // Not after a grace: what a new stream does not name never came.
    expect(await nextTask()).toMatchObject({ runId, epoch: 2 });
    await workers.deregister({ workerId });
  }, 8000);

  it("shows its services by reflection", async () => {
    const reflection = createClient(ServerReflection, createGrpcTransport({ baseUrl }));
    const ask = async function* () {
      yield { messageRequest: { case: "listServices", value: "" } } as const;
      yield { messageRequest: { case: "fileContainingSymbol", value: "kagzi.v1.WorkflowService" } } as const;
      yield { messageRequest: { case: "fileContainingSymbol", value: "no.such.Symbol" } } as const;
    };
    const answers = [];
    for await (const { messageResponse } of reflection.serverReflectionInfo(ask())) answers.push(messageResponse);
    expect(answers.map((answer) => answer.case)).toEqual([
      "listServicesResponse",
      "fileDescriptorResponse",
      "errorResponse",
    ]);
    const names = answers[0]?.case === "listServicesResponse" ? answers[0].value.service.map(({ name }) => name) : [];
    for (const service of ["WorkflowService", "WorkerService", "AdminService", "NamespaceService", "EventService"]) {
      expect(names).toContain(`kagzi.v1.${service}`);
    }
  });
});
