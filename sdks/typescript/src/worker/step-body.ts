import type { StepRequest } from "../context/create-context.ts";
import { toErrorDetail } from "../error-detail.ts";
import { checkPayloadSize, encodePayload } from "../payload/payload.ts";
import type { Outcome } from "../replay/records.ts";
import { type RetryPolicy, toWirePolicy } from "../retry.ts";
import { type StepAttempt, runStep } from "./run-step.ts";
import type { CommandCase } from "./update-buffer.ts";

/** What an attempt came to: for the replay, and for the server. */
export interface StepResult {
  readonly record: Outcome;
  readonly command: CommandCase;
}

/** Makes one attempt of a step. Never throws: what the function throws, or gives that cannot be kept, is the outcome. */
export async function attemptStep(step: StepAttempt, defaultRetry: RetryPolicy | undefined): Promise<StepResult> {
  const { attempt, request, runtime } = step;
  const begin = runtime.now();
  const about = () => ({ attempt, durationMs: BigInt(Math.max(0, Math.round(runtime.now() - begin))) });
  try {
    const input = encodeFor(request, "input", request.input);
    const payload = encodeFor(request, "result", await runStep(step));
    const value = { ...about(), ...(input && { input }), ...(payload && { output: payload }) };
    return {
      record: { type: "completed", attempt, ...(payload && { payload }) },
      command: { case: "completeStep", value },
    };
  } catch (thrown) {
    const error = toErrorDetail(thrown);
    const retry = request.retry ?? defaultRetry;
    const value = { ...about(), error, ...(retry && { retryPolicy: toWirePolicy(retry) }) };
    return { record: { type: "undecided", attempt, error }, command: { case: "failStep", value } };
  }
}

function encodeFor(request: StepRequest, part: "input" | "result", value: unknown) {
  const what = `the ${part} of step ${JSON.stringify(request.name)}`;
  return checkPayloadSize(encodePayload(value, what), what);
}
