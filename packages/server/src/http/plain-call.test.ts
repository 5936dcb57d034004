import { LOCAL } from "@kagzi/core";
import { once } from "node:events";
import { request as http1Request } from "node:http";
import { connect as http2Connect } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetWorkflowRequestSchema, GetWorkflowResponseSchema, WorkflowService } from "@kagzi/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../engine/deferred.ts";
import { type Listener, listen } from "./listen.ts";
import { createRequestHandler } from "./request-handler.ts";

const PATH = "/kagzi.v1.WorkflowService/GetWorkflow";
const HEADERS = { "content-type": "application/proto", "connect-protocol-version": "1" };
const MESSAGE = toBinary(GetWorkflowRequestSchema, create(GetWorkflowRequestSchema, { runId: "r" }));

interface Call {
  readonly signal: AbortSignal;
}
type Answer = { readonly workflow?: { readonly runId: string } };

/** A request that is under way. */
interface Sent {
  write(bytes: Uint8Array): void;
  end(): void;
  /** The caller goes away. */
  leave(): void;
  readonly answer: Promise<{ readonly status: number; readonly bytes: Buffer }>;
}

const VERSIONS: readonly (readonly [string, (url: string, headers: Record<string, string>) => Sent])[] = [
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
];

describe.each(VERSIONS)("a plain call over %s", (_, send) => {
  let listener: Listener;
  let implementation: (request: { readonly runId: string }, call: Call) => Promise<Answer>;
  let internal: unknown[];

  beforeEach(async () => {
    internal = [];
    const getWorkflow = (request: { readonly runId: string }, call: Call) => implementation(request, call);
    const handler = createRequestHandler({
      door: { admit: () => LOCAL, meet: () => ({ headers: {} }) },
      routes: [{ service: WorkflowService, implementation: { getWorkflow } }],
      pages: {},
      readMaxBytes: 1000,
      onInternalError: (error) => internal.push(error),
    });
    listener = await listen({ host: "127.0.0.1", port: 0, handler });
  });

  afterEach(() => listener.close(1000));

  function call(headers: Record<string, string> = {}): Sent {
    const sent = send(listener.url, { ...HEADERS, ...headers });
    sent.answer.catch(() => {});
    sent.write(MESSAGE);
    return sent;
  }

  it("is answered", async () => {
    implementation = async ({ runId }) => ({ workflow: { runId } });
    const sent = call();
    sent.end();
    const { bytes, status } = await sent.answer;
    expect([status, fromBinary(GetWorkflowResponseSchema, bytes).workflow?.runId]).toEqual([200, "r"]);
  });

  it("hears when its caller has gone, or waits no longer", async () => {
    const begun = deferred<void>();
    const aborted = deferred<void>();
    implementation = async (_request, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      begun.resolve();
      await aborted.promise;
      return {};
    };
    const sent = call();
    sent.end();
    await begun.promise;
    sent.leave();
    await aborted.promise;
    const timed = call({ "connect-timeout-ms": "20" });
    implementation = async (_request, { signal }) => {
      await once(signal, "abort");
      return {};
    };
    timed.end();
    expect((await timed.answer).status).toBe(200);
  });

  it("comes to nothing if its caller goes in the middle of what it says", async () => {
    const calls: unknown[] = [];
    implementation = async (request) => {
      calls.push(request);
      return {};
    };
    const broken = call({ "content-length": String(MESSAGE.byteLength + 5) });
    broken.leave();
    await expect(broken.answer).rejects.toThrow();
    const whole = call();
    whole.end();
    expect((await whole.answer).status).toBe(200);
    expect(calls).toHaveLength(1);
  });

  it("is refused if it is too large, and fails without its reason if it is our fault", async () => {
    implementation = () => Promise.reject(new TypeError("a secret"));
    const large = call();
    large.write(new Uint8Array(2000));
    large.end();
    expect((await large.answer).status).toBe(429);
    const failing = call();
    failing.end();
    const { bytes, status } = await failing.answer;
    expect([status, internal.length]).toEqual([500, 1]);
    expect(bytes.toString()).not.toContain("a secret");
  });
});

function overHttp1(url: string, headers: Record<string, string>): Sent {
  const sent = http1Request(`${url}${PATH}`, { method: "POST", headers });
  const answer = new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
    });
  });
  return { write: (bytes) => sent.write(bytes), end: () => sent.end(), leave: () => sent.destroy(), answer };
}

function overHttp2(url: string, headers: Record<string, string>): Sent {
  const session = http2Connect(url);
  const stream = session.request({ ...headers, ":method": "POST", ":path": PATH });
  const answer = new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
    session.on("error", reject);
    stream.on("error", reject);
    let status = 0;
    const chunks: Buffer[] = [];
    stream.on("response", (response) => {
      status = response[":status"] ?? 0;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      session.close();
      resolve({ status, bytes: Buffer.concat(chunks) });
    });
  });
  const leave = () => session.destroy(new Error("gone"));
  return { write: (bytes) => stream.write(bytes), end: () => stream.end(), leave, answer };
}
