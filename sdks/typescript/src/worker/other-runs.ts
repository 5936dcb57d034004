import { call } from "../calls.ts";
import { type WireStart, startRequest } from "../client/start-request.ts";
import { type WireSend, eventIdOf, sendRequest } from "../client/send-request.ts";
import type { Connection } from "../connection.ts";
import type { StepFunction } from "../context/context.ts";
import type { RunRequest, SendRequest } from "../context/create-context.ts";
import type { Payloads } from "../payload/codec.ts";
import type { Runtime } from "../runtime.ts";
import { derivedRunId } from "./ids.ts";

/** What starting one takes. */
interface StartSettings {
  readonly namespace: string;
  readonly payloads: Payloads;
}

/** The start of a child, but for its id. @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function childStart(settings: StartSettings, { input, options, workflow }: RunRequest): WireStart {
  return startRequest(workflow, { ...options, input }, { ...settings, runId: "" });
}

/** An event that a workflow sends, with the id that its code chose, if any. @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function eventSend(settings: StartSettings, name: string, { options, payload }: SendRequest): WireSend {
  const { key, runId } = options;
  const eventId = eventIdOf(options);
  return {
    ...sendRequest(name, { payload, key }, settings),
    ...(eventId !== undefined && { eventId }),
    ...(runId !== undefined && { runId }),
  };
}

/** The function of a step that starts a run which goes its own way. Made again, it finds the run that it started. */
export function startDetached(
  settings: StartSettings & { readonly connection: Connection; readonly runtime: Runtime },
  parentRunId: string,
  { input, options, workflow }: RunRequest,
  askedAt: number,
): StepFunction<never, unknown> {
  const { connection, runtime } = settings;
  return async ({ idempotencyKey: parentStepId, signal }) => {
    const runId = derivedRunId(parentStepId, askedAt);
    const start = startRequest(workflow, { ...options, input }, { ...settings, runId });
    const request = { ...start, parentRunId, parentStepId };
    const answer = await call({ runtime, signal }, (callOptions) =>
      connection.workflows.startWorkflow(request, callOptions),
    );
    return { id: answer.runId, alreadyExists: answer.alreadyExists };
  };
}
