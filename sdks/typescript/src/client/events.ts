import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Event } from "@kagzi/proto";
import { call } from "../calls.ts";
import { checkName } from "../names.ts";
import type { PageOptions } from "./runs.ts";
import { produce } from "../tracing/producer.ts";
import type { ClientScope } from "./scope.ts";
import { type SendOptions, eventIdOf, sendRequest } from "./send-request.ts";

/** What became of an event that was sent. */
export interface SendResult {
  readonly id: string;
  /** An event with this id was there before, and nothing was changed. */
  readonly alreadyExists: boolean;
  /** The runs that the event started, now or when it was sent first. */
  readonly startedRunIds: readonly string[];
}

/** Which events a list shows. */
export interface EventFilter {
  readonly name?: string;
  readonly sentAfter?: Date;
  readonly sentBefore?: Date;
}

/** An event that was sent to the namespace, and what became of it. */
export interface EventInfo {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly payload?: unknown;
  readonly sentAt: Date;
  /** The runs that it started. */
  readonly startedRunIds: readonly string[];
  /** Runs that took it, 100 at most. */
  readonly takenByRunIds: readonly string[];
  /** How many runs took it, counted up to 10,000. */
  readonly takenCount: number;
}

export interface EventPage {
  readonly items: readonly EventInfo[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
  readonly total?: number;
}

/** Events that a filter lets through, the newest first: all of them by `for await`, or page by page. */
export interface EventList extends AsyncIterable<EventInfo> {
  page(options?: PageOptions): Promise<EventPage>;
}

/** Sends an event to the namespace. */
export async function sendEvent(
  scope: ClientScope,
  event: string,
  { options, payload }: { readonly payload: unknown; readonly options: SendOptions },
): Promise<SendResult> {
  const { calls, connection, newId, runtime } = scope;
  const ownId = eventIdOf(options);
  // Made here, so that a call whose answer is lost can be made again and stays one event.
  const eventId = ownId ?? newId();
  const attributes = { "kagzi.event.name": event, "kagzi.event.id": eventId, "kagzi.run.namespace": scope.namespace };
  const answer = await produce(`kagzi.event.send ${event}`, attributes, async () => {
    const request = { ...sendRequest(event, { payload, key: options.key }, scope), eventId };
    return call({ runtime, calls }, (callOptions) => connection.events.sendEvent(request, callOptions));
  });
  const { alreadyExists, startedRunIds } = answer;
  // Nobody else has an id that was made here: what is there was sent by an earlier try of this call.
  return { id: eventId, alreadyExists: alreadyExists && ownId !== undefined, startedRunIds };
}

/** The events of a namespace. */
export class EventsClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  /** Lists the events that were sent to the namespace; not those to one run. Nothing is asked before the first item or page is. */
  list(filter: EventFilter = {}): EventList {
    const page = (options: PageOptions = {}) => this.#page(filter, options);
    return {
      page,
      async *[Symbol.asyncIterator]() {
        for (let after: string | undefined = ""; after !== undefined;) {
          const found: EventPage = await page({ after });
          yield* found.items;
          after = found.next;
        }
      },
    };
  }

  async #page({ name, sentAfter, sentBefore }: EventFilter, options: PageOptions): Promise<EventPage> {
    const { connection, namespace, runtime } = this.#scope;
    const request = {
      namespaceId: namespace,
      ...(name !== undefined && { name: checkName("the name of an event", name) }),
      ...(sentAfter !== undefined && { sentAfter: timestampFromDate(sentAfter) }),
      ...(sentBefore !== undefined && { sentBefore: timestampFromDate(sentBefore) }),
      page: { pageSize: options.size ?? 0, pageToken: options.after ?? "", includeTotalCount: options.total ?? false },
    };
    const answer = await call({ runtime }, (callOptions) => connection.events.listEvents(request, callOptions));
    return {
      items: answer.events.map((event) => this.#info(event)),
      ...(answer.page?.hasMore === true && { next: answer.page.nextPageToken }),
      ...(answer.page?.totalCount !== undefined && { total: Number(answer.page.totalCount) }),
    };
  }

  #info({ eventId, key, name, payload, sentAt, startedRunIds, takenByRunIds, takenCount }: Event): EventInfo {
    return {
      id: eventId,
      name,
      sentAt: sentAt === undefined ? new Date(0) : timestampDate(sentAt),
      startedRunIds,
      takenByRunIds,
      takenCount,
      ...(key !== "" && { key }),
      ...(payload !== undefined && { payload: this.#scope.payloads.decode(payload) }),
    };
  }
}
