import type { Context } from "../context/context.ts";
import type { CodeSide } from "./code-host.ts";
import { failure } from "./execution-parts.ts";
import { type Started, inputOf } from "./run-input.ts";

/** Runs a workflow's function from its beginning. Never rejects: what it throws is how the run ends. */
export async function runCode(
  started: Started,
  { ask, finish }: Pick<CodeSide, "ask" | "finish">,
  context: () => Context,
): Promise<void> {
  const { payloads, task, workflow } = started;
  try {
    const input = await inputOf(started, ask);
    const output = await workflow.run(context(), input);
    const payload = payloads.encode(output, "output", `the output of run ${task.runId}`);
    finish({ case: "complete", value: { ...(payload && { output: payload }) } });
  } catch (error) {
    finish(failure(error, workflow.retry));
  }
}
