import {
  type EventFilter,
  type EventPosition,
  KagziError,
  LIMITS,
  type NamespaceId,
  type NewEvent,
  type Payload,
  type RunId,
  type RunReference,
  type SendOutcome,
  type SentEvent,
  type Start,
  checkName,
  checkOptionalName,
  checkPayload,
  isTerminal,
  isUuid,
  notFound,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import type { EngineContext } from "./engine.ts";
import type { EventRouter } from "./event-router.ts";
import type { Operations } from "./operations.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import type { Signals } from "./signals.ts";
import { type Starts, disabled, noNamespace } from "./starts.ts";

/** An event as its sender asks for it. */
export interface EventRequest {
  readonly namespaceId: NamespaceId;
  /** Made by the sender, so that it can ask again. */
  readonly eventId: string;
  readonly name: string;
  /** Empty: none. */
  readonly key: string;
  readonly payload?: Payload;
}

export interface EventAnswer {
  /** One with its id was there, and nothing was changed. */
  readonly alreadyExists: boolean;
  readonly startedRunIds: readonly RunId[];
}

/** Sends events: to a whole namespace, or to one run. */
export class Events {
  readonly #context: EngineContext;
  readonly #catalog: Catalog;
  readonly #operations: Operations;
  readonly #router: EventRouter;
  readonly #signals: Signals;
  readonly #starts: Starts;

  constructor(
    context: EngineContext,
    parts: {
      readonly catalog: Catalog;
      readonly operations: Operations;
      readonly router: EventRouter;
      readonly signals: Signals;
      readonly starts: Starts;
    },
  ) {
    this.#context = context;
    this.#catalog = parts.catalog;
    this.#operations = parts.operations;
    this.#router = parts.router;
    this.#signals = parts.signals;
    this.#starts = parts.starts;
  }

  /**
   * Sends an event to a namespace: it starts one run for each workflow that subscribes, and wakes runs that wait for it.
   * @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`; `NOT_FOUND` for the namespace, `PRECONDITION_FAILED` if it
   * is disabled
   */
  async send(request: EventRequest): Promise<EventAnswer> {
    const event = this.#newEvent(request);
    const starts = await this.#startsOf(request);
    const outcome = await this.#context.store.events.send(event, starts);
    if (outcome.became === "refused") throw refusalOf(event.namespaceId, outcome);
    const isThisOne = outcome.became === "sent" || outcome.eventUid === event.eventUid;
    if (outcome.became === "sent") this.#context.clock.observe(outcome.now);
    if (isThisOne) for (const start of starts) this.#starts.tell(start);
    this.#router.kick();
    const startedRunIds = outcome.became === "sent" ? starts.map(({ runId }) => runId) : outcome.started;
    return { alreadyExists: !isThisOne, startedRunIds };
  }

  /**
   * Sends an event to one run, whether it waits for it or not.
   * @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`, `NOT_FOUND`; `PRECONDITION_FAILED` for a run that has ended
   */
  async sendToRun(request: EventRequest & { readonly runId: RunId }): Promise<void> {
    const { namespaceId, runId } = request;
    const { eventId, key, name, payload } = this.#newEvent(request);
    const message = {
      kind: "event",
      name,
      messageId: eventId,
      ...(payload !== undefined && { payload }),
      ...(key !== undefined && { key }),
    } as const;
    const current = await this.#operations.current({ namespaceId, runId });
    const [touched] = await this.#context.store.inbox.send([{ ...current, message }]);
    if (touched !== undefined) return void this.#signals.touched(touched);
    // Sent again because its answer was lost: the run took it, and has ended since.
    if (await this.#context.store.inbox.knows(current, eventId)) return;
    throw await this.#takesNoMore(current);
  }

  /** Events of a namespace, the newest first. */
  async list(filter: EventFilter, page: PageRequest): Promise<Page<SentEvent>> {
    const limit = pageSize(page);
    const before = page.token === "" ? undefined : fromToken(page.token);
    const { events } = this.#context.store;
    const [found, total] = await Promise.all([
      events.list(filter, { limit: limit + 1, ...(before !== undefined && { before }) }),
      page.withTotal ? events.count(filter, LIMITS.count) : undefined,
    ]);
    return pageOf(found, limit, toToken, total);
  }

  #newEvent(request: EventRequest): NewEvent {
    const { namespaceId } = request;
    const eventId = checkName("an event id", request.eventId);
    const name = checkName("the name of an event", request.name);
    const key = checkOptionalName("the key of an event", request.key);
    checkPayload(`the payload of event ${JSON.stringify(name)}`, request.payload);
    const payload = enveloped(request, this.#context.clock.now());
    return { namespaceId, eventUid: this.#context.env.newUuid(), eventId, name, payload, ...(key !== "" && { key }) };
  }

  /** A start for each workflow of which the version that new runs take subscribes to the event. */
  async #startsOf({ eventId, name, namespaceId, payload }: EventRequest): Promise<readonly Start[]> {
    const all = await this.#context.store.events.subscriptions(namespaceId, name);
    const starts = await Promise.all(
      all.map(async ({ taskQueue, version, workflowType }) => {
        if ((await this.#catalog.version(namespaceId, workflowType)) !== version) return [];
        const about = { namespaceId, taskQueue, workflowType, version, priority: 0, delayMs: 0 };
        const start = await this.#starts.prepare({ ...about, ...(payload !== undefined && { input: payload }) });
        return [{ ...start, eventId }];
      }),
    );
    return starts.flat();
  }

  async #takesNoMore(run: RunReference): Promise<KagziError> {
    const [detail] = await this.#context.store.runs.get([run]);
    if (detail === undefined) return notFound("run", run.runId);
    const state = isTerminal(detail.run.status) ? detail.run.status : "just changing";
    const message = `run ${run.runId} is ${state} and takes no more events`;
    return new KagziError("PRECONDITION_FAILED", message, { subject: "run", subjectId: run.runId });
  }
}

function refusalOf(
  namespaceId: NamespaceId,
  { because }: Extract<SendOutcome, { readonly became: "refused" }>,
): KagziError {
  return because === "noNamespace" ? noNamespace(namespaceId) : disabled(namespaceId);
}

const ENVELOPE = "kagzi-event-";

/** What a wait is handed besides the payload goes with it. */
function enveloped({ eventId, key, payload }: EventRequest, sentAt: number): Payload {
  const metadata = {
    ...payload?.metadata,
    [`${ENVELOPE}id`]: eventId,
    [`${ENVELOPE}sent-at`]: new Date(sentAt).toISOString(),
    ...(key !== "" && { [`${ENVELOPE}key`]: key }),
  };
  return { data: payload?.data ?? new Uint8Array(), metadata };
}

/** The payload as its sender gave it; `undefined` if there was none. */
export function withoutEnvelope(payload: Payload | undefined): Payload | undefined {
  if (payload === undefined) return undefined;
  const own = Object.entries(payload.metadata).filter(([key]) => !key.startsWith(ENVELOPE));
  const isEmpty = payload.data.byteLength === 0 && own.length === 0;
  return isEmpty ? undefined : { data: payload.data, metadata: Object.fromEntries(own) };
}

function toToken({ eventUid, sentAt }: EventPosition): string {
  return `${sentAt}_${eventUid}`;
}

function fromToken(token: string): EventPosition {
  const [, sentAt = "", eventUid = ""] = /^(\d{1,15})_(.*)$/.exec(token) ?? [];
  if (isUuid(eventUid)) return { sentAt: Number(sentAt), eventUid };
  throw new KagziError("INVALID_ARGUMENT", "page_token is not one that a list gave out");
}
