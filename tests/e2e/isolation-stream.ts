import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport, createClient } from "@connectrpc/connect";
import {
  type CommandSchema,
  RunAck_Result,
  StepKind,
  type WorkRequestSchema,
  WorkerService,
  WorkflowService,
} from "@kagzi/proto";
import { expect } from "vitest";
import { type Inhabitants, TYPE } from "./isolation-calls.ts";

type Request = MessageInitShape<typeof WorkRequestSchema>;

const CHILD_ID = "01900000-0000-7000-8000-00000000c41d";

/**
 * Speaks over a worker's stream of B of what lives in A: as a worker of A, of a run of A, and in the name of a run of B
 * that starts a child in A and gives one up that is a run of A. Answers with the id of the child.
 */
export async function talkOverStream(transport: Transport, a: Inhabitants, b: Inhabitants): Promise<string> {
  const workers = createClient(WorkerService, transport);
  const { namespaceId } = b;
  const stranger = new Talk();
  stranger.say({ hello: { namespaceId, workerId: a.workerId } });
  const refused = await first(workers.work(stranger)).catch((error: unknown) => ConnectError.from(error).code);
  expect(refused).toBe(Code.NotFound);

  const { workerId } = await workers.register({ namespaceId, workflows: [{ workflowType: TYPE, version: "1" }] });
  const said = new Talk();
  const held = [{ runId: a.heldRunId, epoch: 1 }];
  said.say({ hello: { namespaceId, workerId, held } });
  said.say({ updates: [{ ...held[0], afterSeq: 2, outcome: { case: "complete", value: {} } }] });
  await createClient(WorkflowService, transport).startWorkflow({ namespaceId, workflowType: TYPE, version: "1" });

  const dropped: string[] = [];
  const results = new Map<string, RunAck_Result>();
  for await (const answer of workers.work(said)) {
    dropped.push(...answer.cancelRunIds);
    for (const { result, runId } of answer.acks) results.set(runId, result);
    for (const { epoch, lastSeq, runId } of answer.tasks) {
      expect(runId).not.toBe(a.readyRunId);
      // The child may come to the same worker.
      if (runId !== CHILD_ID) said.say({ updates: [{ runId, epoch, afterSeq: lastSeq, commands: meddling(a) }] });
    }
    if (results.size === 2) said.end();
  }
  expect(dropped).toEqual([a.heldRunId]);
  expect(results.get(a.heldRunId)).toBe(RunAck_Result.LEASE_LOST);
  results.delete(a.heldRunId);
  expect([...results.values()]).toEqual([RunAck_Result.OK]);
  return CHILD_ID;
}

/** What a run of B asks for that is none of its business. */
function meddling(a: Inhabitants) {
  const { namespaceId, runId: childRunId } = a;
  const workflow = { namespaceId, workflowType: TYPE, runId: CHILD_ID, parentRunId: a.runId, parentStepId: "x" };
  const kind = StepKind.CHILD_WORKFLOW;
  const event = { namespaceId, name: "go", eventId: a.eventId };
  const commands: MessageInitShape<typeof CommandSchema>[] = [
    { stepName: "child", occurrence: 1, command: { case: "startChild", value: { workflow } } },
    { stepName: "other", occurrence: 1, command: { case: "cancelStep", value: { kind, childRunId } } },
    {
      stepName: "all",
      occurrence: 1,
      command: { case: "sendEvent", value: { event: { ...event, eventId: a.newsId } } },
    },
    { stepName: "one", occurrence: 1, command: { case: "sendEvent", value: { event: { ...event, runId: a.runId } } } },
  ];
  return commands;
}

async function first(answers: AsyncIterable<unknown>): Promise<unknown> {
  for await (const answer of answers) return answer;
  return undefined;
}

/** What one side of a stream says, as it comes to say it. */
class Talk implements AsyncIterable<Request> {
  readonly #words: Request[] = [];
  #wake = () => {};
  #over = false;

  say(word: Request): void {
    this.#words.push(word);
    this.#wake();
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      yield* this.#words.splice(0);
      if (this.#over) return;
      if (this.#words.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
