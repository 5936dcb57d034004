import { type EventFilter, type SentEvent, checkName, checkNamespaceId, checkRunId } from "@kagzi/core";
import type { Event, EventService, ListEventsRequest, SendEventRequest } from "@kagzi/proto";
import { EventSchema } from "@kagzi/proto";
import { create } from "@bufbuild/protobuf";
import type { Engine } from "../engine/engine.ts";
import { type EventRequest, withoutEnvelope } from "../engine/events.ts";
import { fromTimestamp, fromWirePage, given, toTimestamp, toWirePage } from "./convert.ts";
import type { Service } from "./service.ts";

export function createEventService({ context, events }: Engine): Service<typeof EventService> {
  return {
    async sendEvent(request) {
      const { runId } = request;
      const eventId = request.eventId ?? context.env.newUuid();
      const namespaceId = checkNamespaceId(request.namespaceId);
      const event = { ...eventRequest(request), namespaceId, eventId };
      if (runId !== undefined) {
        await events.sendToRun({ ...event, runId: checkRunId(runId) });
        return { eventId };
      }
      const { alreadyExists, startedRunIds } = await events.send(event);
      return { eventId, alreadyExists, startedRunIds: [...startedRunIds] };
    },

    async listEvents(request) {
      const page = await events.list(filterOf(request), fromWirePage(request.page));
      return { events: page.items.map(toWireEvent), page: toWirePage(page) };
    },
  };
}

/** What is to be sent, without where. */
export function eventRequest({ key, name, payload }: SendEventRequest): Pick<EventRequest, "name" | "key" | "payload"> {
  return { name, key, ...given("payload", payload) };
}

function filterOf({ name, namespaceId, sentAfter, sentBefore }: ListEventsRequest): EventFilter {
  return {
    namespaceId: checkNamespaceId(namespaceId),
    ...given("name", name === undefined ? undefined : checkName("the name of an event", name)),
    ...given("sentAfter", sentAfter && fromTimestamp(sentAfter)),
    ...given("sentBefore", sentBefore && fromTimestamp(sentBefore)),
  };
}

function toWireEvent(event: SentEvent): Event {
  return create(EventSchema, {
    eventId: event.eventId,
    namespaceId: event.namespaceId,
    name: event.name,
    key: event.key ?? "",
    sentAt: toTimestamp(event.sentAt),
    startedRunIds: [...event.started],
    takenByRunIds: [...event.takenBy],
    takenCount: event.takenCount,
    ...given("payload", withoutEnvelope(event.payload)),
  });
}
