import { type Payload, type Run, type SentEvent, type Store, checkNamespaceId } from "@kagzi/core";
import type { RecordedOrders } from "./order-check.ts";

const PAGE = 500;
const namespaceId = checkNamespaceId("default");

/** Every run and event that a store has, read without the engine. */
export async function recordedOrders(store: Store): Promise<RecordedOrders> {
  const runs: Run[] = [];
  for (let page: readonly Run[] | undefined; page === undefined || page.length > 0; runs.push(...page)) {
    const before = runs.at(-1)?.runId;
    page = await store.runs.list(
      { namespaceId, statuses: [] },
      { limit: PAGE, ...(before !== undefined && { before }) },
    );
  }
  const events: SentEvent[] = [];
  for (let page: readonly SentEvent[] | undefined; page === undefined || page.length > 0; events.push(...page)) {
    const before = events.at(-1);
    page = await store.events.list({ namespaceId }, { limit: PAGE, ...(before !== undefined && { before }) });
  }
  const details = await store.runs.get(runs);
  return {
    runs: details.flatMap((detail) => (detail === undefined ? [] : [described(detail.run, detail.output)])),
    events: events.map(({ eventId: id, name, takenCount: taken }) => ({ id, name, taken })),
  };
}

function described(run: Run, output: Payload | undefined): RecordedOrders["runs"][number] {
  const { eventId, runId, scheduledAt, status, workflowType } = run;
  return {
    run: runId,
    workflow: workflowType,
    status,
    output: output === undefined ? undefined : (JSON.parse(Buffer.from(output.data).toString()) as unknown),
    ...(eventId !== undefined && { eventId }),
    ...(scheduledAt !== undefined && { scheduledAt }),
  };
}

/** What is still on its way or held, where nothing should be: one line for each. */
export async function leftovers(store: Store): Promise<readonly string[]> {
  const routed = await store.events.route(PAGE);
  const called = await store.slots.call(namespaceId, "api");
  const slots = await store.slots.usage({ namespaceId, name: "api" }, { limit: PAGE, windowMs: 0 });
  const places = await store.limits.usage(namespaceId, "bill", PAGE);
  return [
    ...routed.touched.map(({ runId }) => `run ${runId} was not brought an event`),
    ...called.runs.map(({ runId }) => `run ${runId} was not called to its slot`),
    ...slots.holders.map(({ runId, step }) => `${step} of run ${runId} holds a slot`),
    ...(slots.waiting === 0 ? [] : [`${slots.waiting} steps wait for a slot`]),
    ...places.map(({ key, running, waiting }) => `${running} runs of ${key} hold a place, ${waiting} wait for one`),
  ];
}
