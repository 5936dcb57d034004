import {
  KagziError,
  type NamespaceId,
  type Payload,
  checkName,
  checkNamespaceId,
  checkOptionalName,
  checkPayload,
  checkRunId,
  isTerminal,
  notFound,
} from "@kagzi/core";
import type { EventService, SendEventRequest } from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { type Service, notOffered } from "./service.ts";

export function createEventService(engine: Engine): Service<typeof EventService> {
  return {
    async sendEvent(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const eventId =
        request.eventId === undefined ? engine.context.env.newUuid() : checkName("an event id", request.eventId);
      if (request.runId === undefined) return notOffered("SendEvent without run_id")();
      await sendToRun(engine, namespaceId, { ...request, eventId, runId: request.runId });
      return { eventId };
    },

    listEvents: notOffered("ListEvents"),
  };
}

async function sendToRun(
  engine: Engine,
  namespaceId: NamespaceId,
  request: SendEventRequest & { readonly eventId: string; readonly runId: string },
): Promise<void> {
  const name = checkName("the name of an event", request.name);
  const key = checkOptionalName("the key of an event", request.key);
  checkPayload(`the payload of event ${JSON.stringify(name)}`, request.payload);
  const runId = checkRunId(request.runId);
  const payload = enveloped(request, key, engine.context.clock.now());
  const message = { kind: "event", name, messageId: request.eventId, payload, ...(key !== "" && { key }) } as const;
  const current = await engine.operations.current({ namespaceId, runId });
  const [touched] = await engine.context.store.inbox.send([{ ...current, message }]);
  if (touched !== undefined) return engine.signals.touched(touched);
  // Sent again because its answer was lost: the run took it, and has ended since.
  if (await engine.context.store.inbox.knows(current, request.eventId)) return;
  const [detail] = await engine.context.store.runs.get([current]);
  if (detail === undefined) throw notFound("run", runId);
  const state = isTerminal(detail.run.status) ? detail.run.status : "just changing";
  throw new KagziError("PRECONDITION_FAILED", `run ${runId} is ${state} and takes no more events`, {
    subject: "run",
    subjectId: runId,
  });
}

/** What a wait is handed besides the payload goes with it. */
function enveloped(
  { eventId, payload }: { readonly eventId: string; readonly payload?: Payload | undefined },
  key: string,
  sentAt: number,
): Payload {
  const metadata = {
    ...payload?.metadata,
    "kagzi-event-id": eventId,
    "kagzi-event-sent-at": new Date(sentAt).toISOString(),
    ...(key !== "" && { "kagzi-event-key": key }),
  };
  return { data: payload?.data ?? new Uint8Array(), metadata };
}
