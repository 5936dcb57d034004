import { toErrorDetail } from "../error-detail.ts";
import type { Payloads } from "../payload/codec.ts";
import { type RetryPolicy, toWirePolicy } from "../retry.ts";
import type { Recorded } from "./advance.ts";
import { type StepAttempt, runStep } from "./run-step.ts";

/** Makes one attempt of a step. Never throws: what the function throws, or gives that cannot be kept, is the outcome. */
export async function attemptStep(
  step: StepAttempt,
  host: { readonly retry: RetryPolicy | undefined; readonly payloads: Payloads },
): Promise<Recorded> {
  const { attempt, request, runtime } = step;
  const encodeFor = (part: "input" | "result", value: unknown) =>
    host.payloads.encode(value, `the ${part} of step ${JSON.stringify(request.name)}`);
  const begin = runtime.now();
  const about = () => ({ attempt, durationMs: BigInt(Math.max(0, Math.round(runtime.now() - begin))) });
  try {
    const input = encodeFor("input", request.input);
    const payload = encodeFor("result", await runStep(step));
    const value = { ...about(), ...(input && { input }), ...(payload && { output: payload }) };
    return {
      record: { type: "completed", attempt, ...(payload && { payload }) },
      command: { case: "completeStep", value },
    };
  } catch (thrown) {
    const error = toErrorDetail(thrown);
    const retry = request.retry ?? host.retry;
    const value = { ...about(), error, ...(retry && { retryPolicy: toWirePolicy(retry) }) };
    return { record: { type: "undecided", attempt, error }, command: { case: "failStep", value } };
  }
}
