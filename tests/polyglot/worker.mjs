// The small worker of worker.py over a stock gRPC client from npm, for machines where Python has no gRPC. It shares no
// code with the SDK. Usage: worker.mjs PROTO ADDRESS; what it writes and reads is as there.
import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [proto, address] = process.argv.slice(2);
const includeDirs = [proto, import.meta.dirname];
const contract = loadSync(["kagzi/v1/worker.proto", "status.proto"], {
  includeDirs,
  keepCase: true,
  longs: Number,
  enums: String,
});
const { WorkerService } = grpc.loadPackageDefinition(contract).kagzi.v1;
const client = new WorkerService(address, grpc.credentials.createInsecure());

let isSilent = false;

class Parked extends Error {}
class StepFailed extends Error {}

function call(method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function say(event, fields) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function pack(value) {
  return { data: Buffer.from(JSON.stringify(value)), metadata: { "content-type": "application/json" } };
}

function unpack(payload) {
  return payload?.data?.length > 0 ? JSON.parse(payload.data.toString()) : null;
}

class Run {
  #counts = new Map();

  constructor(task) {
    this.task = task;
  }

  #begin(name, fields) {
    const occurrence = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, occurrence);
    const { run_id, task_token } = this.task;
    return call("BeginStep", { run_id, task_token, step_name: name, occurrence, ...fields });
  }

  async step(name, run) {
    const retry_policy = { maximum_attempts: 3, initial_interval_ms: 20, backoff_coefficient: 1 };
    const begun = await this.#begin(name, { retry_policy });
    if (!begun.should_execute) {
      if (begun.error) throw new StepFailed(begun.error.message);
      return unpack(begun.cached_output);
    }
    say("step", { name, attempt: begun.attempt_number });
    const of = { run_id: this.task.run_id, step_id: begun.step_id };
    let output;
    try {
      output = await run(begun.attempt_number);
    } catch (error) {
      const failed = await call("FailStep", { ...of, error: { code: "ERROR_CODE_INTERNAL", message: error.message } });
      throw failed.scheduled_retry ? new Parked() : new StepFailed(error.message);
    }
    return unpack((await call("CompleteStep", { ...of, output: pack(output) })).output);
  }

  async sleep(name, ms) {
    const begun = await this.#begin(name, { kind: "STEP_KIND_SLEEP" });
    if (!begun.should_execute) return;
    const duration = { seconds: 0, nanos: ms * 1_000_000 };
    await call("Sleep", { run_id: this.task.run_id, step_id: begun.step_id, duration });
    throw new Parked();
  }
}

const workflows = {
  "py-order": async (run, given) => {
    const quote = await run.step("quote", () => ({ price: given.amount * 2 }));
    const paid = await run.step("pay", (attempt) => {
      if (attempt < 3) throw new Error("the bank does not answer");
      return attempt;
    });
    await run.sleep("cool-off", 50);
    const notes = [await run.step("note", () => "note 1"), await run.step("note", () => "note 2")];
    return { ...quote, paid, notes };
  },
  "py-refuse": (run) =>
    run.step("check", () => {
      throw new Error("never");
    }),
  "py-stuck": async (run) => {
    await run.step("hold", async () => {
      isSilent = true;
      await once(process.stdin, "data");
      return "by python";
    });
    return "by python";
  },
};

async function execute(task) {
  const { run_id, task_token } = task;
  try {
    const output = await workflows[task.workflow_type](new Run(task), unpack(task.input));
    await call("CompleteWorkflow", { run_id, task_token, output: pack(output) });
    say("completed", { run: run_id });
  } catch (error) {
    if (error instanceof Parked) return say("parked", { run: run_id });
    if (!(error instanceof StepFailed)) throw error;
    const detail = { code: "ERROR_CODE_PRECONDITION_FAILED", message: error.message };
    await call("FailWorkflow", { run_id, task_token, error: detail });
    say("failed", { run: run_id });
  }
}

function detailsOf(error) {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const { details } = contract["google.rpc.Status"].deserialize(bytes);
  return contract["kagzi.v1.ErrorDetail"].deserialize(details[0].value);
}

const versions = Object.keys(workflows).map((workflow_type) => ({ workflow_type, version: "1" }));
const me = await call("Register", { workflows: versions, hostname: "npm", max_concurrent: 1 });
setInterval(() => {
  if (!isSilent) void call("Heartbeat", { worker_id: me.worker_id });
}, me.heartbeat_interval_ms).unref();
say("ready");
for (;;) {
  try {
    const task = await call("PollTask", { worker_id: me.worker_id, timeout_ms: 5000 });
    if (task.run_id) await execute(task);
  } catch (error) {
    const { code, metadata } = detailsOf(error);
    say("refused", { status: grpc.status[error.code], code, metadata });
    if (isSilent) process.exit();
  }
}
