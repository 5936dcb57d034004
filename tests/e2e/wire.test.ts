import { connect } from "node:net";
import { type DescField, type DescMessage, ScalarType, fromBinary } from "@bufbuild/protobuf";
import {
  AdminService,
  ApiKeyService,
  ErrorDetailSchema,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "./engines.ts";

const POISON = ["a\0b", "a\ud800b", "x".repeat(10_000), "../../etc", "'; DROP TABLE runs; --"];
const SERVICES = [
  WorkflowService,
  WorkerService,
  AdminService,
  NamespaceService,
  WorkflowScheduleService,
  ApiKeyService,
];
const UNARY = SERVICES.flatMap((service) => service.methods.filter(({ methodKind }) => methodKind === "unary"));

/** What a call says is wrong, in the protocol of Connect. */
interface WireError {
  readonly code?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

describe.each(ENGINES.filter(([name]) => name.includes("server")))("the wire of %s", (_, open) => {
  let engine: TestEngine;
  let url: string;

  beforeEach(async () => {
    engine = await open();
    url = "url" in engine.at ? engine.at.url : "";
  });

  afterEach(async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await engine.close()).toEqual([]);
  });

  function post(path: string, body: string | Uint8Array<ArrayBuffer>, type = "application/json"): Promise<Response> {
    return fetch(`${url}/${path}`, { method: "POST", headers: { "content-type": type }, body });
  }

  it("takes no text that cannot be kept, in any field of any call", async () => {
    const calls = UNARY.flatMap((method) =>
      textPaths(method.input).flatMap((path) => POISON.map((text) => ({ method, path, text }))),
    );
    expect(calls.length).toBeGreaterThan(200);
    for (const { method, path, text } of calls) {
      const answer = await post(`${method.parent.typeName}/${method.name}`, JSON.stringify(nested(path, text)));
      const what = `${method.name} with ${path.join(".")} = ${JSON.stringify(text.slice(0, 30))}`;
      const error = (await answer.json()) as WireError;
      if (answer.status === 200) continue;
      expect(["invalid_argument", "not_found", "failed_precondition", "unimplemented"], what).toContain(error.code);
      expect(detailOf(error)?.message, what).not.toBe("");
      expect(detailOf(error)?.message.length, what).toBeLessThan(1000);
    }
  });

  it("answers to what is no message with an error that has its detail", async () => {
    const path = "kagzi.v1.WorkflowService/StartWorkflow";
    const wrong = [
      await post(path, "{"),
      await post(path, '{"workflowType": 5}'),
      await post(path, '{"input": {"data": "not base64!"}}'),
      await post(path, new Uint8Array([0xff, 0xff, 0xff, 0xff]), "application/proto"),
      await post(path, '{"timeoutMs": "99999999999999999999999"}'),
    ];
    for (const answer of wrong) {
      const error = (await answer.json()) as WireError;
      expect([answer.status, error.code]).toEqual([400, "invalid_argument"]);
      expect(detailOf(error)?.message).not.toBe("");
    }
  });

  it("takes no message that is too large, and says how large it may be", async () => {
    const data = Buffer.alloc(17 * 1024 * 1024, "a").toString("base64");
    const answer = await post("kagzi.v1.WorkflowService/StartWorkflow", JSON.stringify({ input: { data } }));
    const error = (await answer.json()) as WireError;
    expect(error.code).toBe("resource_exhausted");
    expect(detailOf(error)?.message).toMatch(/\d/);
    const large = Buffer.alloc(2 * 1024 * 1024, "a").toString("base64");
    const payload = JSON.stringify({ workflowType: "a", input: { data: large } });
    const refused = (await (await post("kagzi.v1.WorkflowService/StartWorkflow", payload)).json()) as WireError;
    expect(detailOf(refused)).toMatchObject({ metadata: { limit: "1048576", bytes: String(2 * 1024 * 1024) } });
  });

  it("takes nothing for a schedule that none can have, whether it is made or changed", async () => {
    const call = async (method: string, request: object) => {
      const answer = await post(`kagzi.v1.WorkflowScheduleService/${method}`, JSON.stringify(request));
      return (await answer.json()) as WireError & { readonly schedule?: object };
    };
    const daily = { cronExpr: "@daily" };
    const made = await call("CreateWorkflowSchedule", { scheduleId: "s", workflowType: "a", ...daily });
    expect(made.schedule).toMatchObject({ scheduleId: "s", maxCatchup: 1, overlap: "SCHEDULE_OVERLAP_SKIP" });
    const wrong = [
      ...POISON.flatMap((text) => [{ cronExpr: text }, { ...daily, timezone: text }]),
      ...["a\0b", "a\ud800b", "x".repeat(10_000)].flatMap((text) => [
        { ...daily, version: text },
        { ...daily, taskQueue: text },
      ]),
      { ...daily, maxCatchup: -1 },
      { ...daily, maxCatchup: 1001 },
      { ...daily, overlap: 99 },
      { ...daily, input: { data: Buffer.alloc(2 * 1024 * 1024).toString("base64") } },
      { ...daily, everyMs: "5000" },
      { ...daily, at: "2040-01-01T00:00:00Z" },
      ...["-5", "0", "9223372036854775807"].map((everyMs) => ({ everyMs })),
      ...["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"].map((at) => ({ at })),
    ];
    for (const change of wrong) {
      const what = JSON.stringify(change).slice(0, 60);
      const created = await call("CreateWorkflowSchedule", { scheduleId: "t", workflowType: "a", ...change });
      const changed = await call("UpdateWorkflowSchedule", { scheduleId: "s", ...change });
      for (const error of [created, changed]) {
        expect(["invalid_argument", "resource_exhausted"], what).toContain(error.code);
        expect(detailOf(error)?.message.length, what).toBeLessThan(1000);
      }
    }
    for (const count of [0, -1, 101]) {
      expect((await call("PreviewWorkflowSchedule", { scheduleId: "s", count })).code).toBe("invalid_argument");
    }
    expect((await call("GetWorkflowSchedule", { scheduleId: "s" })).schedule).toMatchObject({ cronExpr: "@daily" });
    expect(await call("ListWorkflowSchedules", {})).toMatchObject({ schedules: [{ scheduleId: "s" }] });
  });

  it("reads text whose characters come in pieces", async () => {
    const body = Buffer.from(JSON.stringify({ externalId: "Überweisung \u{1f69a}", workflowType: "注文" }));
    const pieces = ReadableStream.from(Array.from(body, (byte) => new Uint8Array([byte])));
    const answer = await fetch(`${url}/kagzi.v1.WorkflowService/StartWorkflow`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: pieces,
      duplex: "half",
    });
    const { runId } = (await answer.json()) as { readonly runId: string };
    const found = await post("kagzi.v1.WorkflowService/GetWorkflow", JSON.stringify({ runId }));
    expect(await found.json()).toMatchObject({
      workflow: { externalId: "Überweisung \u{1f69a}", workflowType: "注文" },
    });
  });

  it("has no pages but its own, and no methods of other services", async () => {
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await post("kagzi.v1.NoService/Nothing", "{}")).status).toBe(404);
    expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok\n");
  });

  it("survives what is neither HTTP/1.1 nor HTTP/2", async () => {
    const { hostname, port } = new URL(url);
    const talks = [
      "\0\0\0\0",
      "GET\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense",
      "PRI * HTTP/1.0\r\n\r\n",
      "P",
    ];
    for (const text of talks) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      socket.resume();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.end(text);
      await closed;
    }
  });

  it("finds the beginning of HTTP/2 however it is cut", async () => {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    const first = new Promise<Buffer>((resolve) => socket.once("data", resolve));
    for (const byte of Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1")) {
      await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => resolve()));
    }
    // The server's first frame is SETTINGS (type 4).
    expect((await first).at(3)).toBe(4);
    socket.destroy();
  });
});

/** The fields of text of a message, and of the messages in it. */
function textPaths(message: DescMessage, before: readonly string[] = []): string[][] {
  if (before.length > 2 || message.typeName.startsWith("google.protobuf.")) return [];
  return message.fields.flatMap((field) => pathsOf(field, [...before, field.jsonName]));
}

function pathsOf(field: DescField, path: readonly string[]): string[][] {
  if (field.fieldKind === "scalar") return field.scalar === ScalarType.STRING ? [[...path]] : [];
  return field.fieldKind === "message" ? textPaths(field.message, path) : [];
}

function nested(path: readonly string[], text: string): unknown {
  return path.reduceRight<unknown>((value, name) => ({ [name]: value }), text);
}

function detailOf(error: WireError) {
  const detail = error.details?.find(({ type }) => type === ErrorDetailSchema.typeName);
  return detail && fromBinary(ErrorDetailSchema, Buffer.from(detail.value, "base64"));
}
