import { type Bill, type LedgerLine, NOTES, ORDER_LIMITS, orderOf } from "@kagzi/test-support";

/** What the engine has of the orders when everything is over. */
export interface RecordedOrders {
  readonly runs: readonly RecordedRun[];
  readonly events: readonly { readonly id: string; readonly name: string; readonly taken: number }[];
}

interface RecordedRun {
  readonly run: string;
  readonly workflow: string;
  readonly status: string;
  readonly eventId?: string;
  /** The slot of its schedule. */
  readonly scheduledAt?: number;
  readonly output: unknown;
}

/** What the engine promised of `orders` orders and did not keep: one line for each breach. */
export function findOrderBreaches(
  ledger: readonly LedgerLine[],
  recorded: RecordedOrders,
  orders: number,
): readonly string[] {
  const keys = Array.from({ length: orders }, (_, n) => orderOf(n).order);
  return [
    ...everythingEnded(recorded),
    ...everyEventOnce(recorded, keys),
    ...oneRunForEachEvent(recorded, keys),
    ...everyBillIsRight(recorded, keys),
    ...everySlotOnce(recorded),
    ...noPlaceTwice(ledger),
  ];
}

/** E1: no run is left behind, and none failed. */
function everythingEnded({ runs }: RecordedOrders): string[] {
  return runs
    .filter(({ status }) => status !== "completed")
    .map(({ run, status, workflow }) => `E1: run ${run} of ${workflow} is ${status}`);
}

/** E2: every event is kept once, and taken once by the one run that waits for it. */
function everyEventOnce({ events }: RecordedOrders, keys: readonly string[]): string[] {
  const wanted = keys.flatMap((key) => [
    `order.placed ${key} placed 0`,
    `order.paid ${key} paid 1`,
    ...NOTES.map((n) => `note ${key} note ${n} 1`),
  ]);
  const sentByClients = events.filter(({ name }) => name !== "order.shipped");
  const shipped = events.length - sentByClients.length;
  return [
    ...differences(
      "E2: event",
      sentByClients.map(({ id, name, taken }) => `${name} ${id} ${taken}`),
      wanted,
    ),
    ...(shipped === keys.length ? [] : [`E2: ${shipped} events order.shipped, not ${keys.length}`]),
  ];
}

/** E3: every event starts one run of each workflow that subscribes, and nothing else starts any. */
function oneRunForEachEvent({ runs }: RecordedOrders, keys: readonly string[]): string[] {
  const started = runs
    .filter(({ workflow }) => workflow !== "tick")
    .map(({ eventId, output, workflow }) => `${workflow} ${workflow === "notify" ? String(output) : eventId}`);
  const wanted = keys.flatMap((key) => [`bill ${key} placed`, `audit ${key} placed`, `notify ${key}`]);
  return differences("E3: run", started, wanted);
}

/** E4: what a run waited for came to it once, and what was sent in an order came in that order. */
function everyBillIsRight({ runs }: RecordedOrders, keys: readonly string[]): string[] {
  const bills = runs.filter(({ workflow }) => workflow === "bill").map(({ output }) => JSON.stringify(output));
  const wanted = keys.map((order): Bill => ({ order, paid: `paid ${order}`, paidAgain: false, notes: NOTES }));
  return differences(
    "E4: bill",
    bills,
    wanted.map((bill) => JSON.stringify(bill)),
  );
}

/** E5: from the first slot of the schedule to the last, a second apart, each has one run. */
function everySlotOnce({ runs }: RecordedOrders): string[] {
  const slots = runs
    .filter(({ workflow }) => workflow === "tick")
    .map(({ scheduledAt }) => scheduledAt ?? Number.NaN)
    .toSorted((a, b) => a - b);
  const [first] = slots;
  if (first === undefined) return ["E5: the schedule has started nothing"];
  return differences(
    "E5: slot",
    slots.map(String),
    Array.from({ length: ((slots.at(-1) ?? first) - first) / 1000 + 1 }, (_, n) => String(first + n * 1000)),
  );
}

/**
 * E6: never more executions at once than a limit has places. An execution holds its places from its first line to its last
 * one, or to the line that says that its process is gone. That one is written after the process was killed, so the dead
 * hold theirs for a little too long here: the engine keeps them for much longer, until the lease has lapsed, so this hides
 * nothing and accuses nobody. What the dead wrote and what is read only after that line holds nothing.
 */
function noPlaceTwice(ledger: readonly LedgerLine[]): string[] {
  const gone = new Set<number>();
  const holding = new Map<string, Extract<LedgerLine, { kind: "hold" }>>();
  const breaches: string[] = [];
  for (const line of ledger) {
    if (line.kind === "free") holding.delete(line.id);
    if (line.kind === "gone") {
      gone.add(line.pid);
      for (const { id, pid } of holding.values()) if (pid === line.pid) holding.delete(id);
    }
    if (line.kind !== "hold" || gone.has(line.pid)) continue;
    holding.set(line.id, line);
    for (const limit of line.limits) {
      const held = Array.from(holding.values()).filter(({ limits }) => limits.includes(limit));
      const runs = held.map(
        ({ at, pid, run, step }) => `${step} of ${run} (${pid}, for ${Math.round(line.at - at)} ms)`,
      );
      if (held.length > placesOf(limit))
        breaches.push(`E6: ${held.length} hold a place of ${limit}: ${runs.join(", ")}`);
    }
  }
  for (const { run, step } of holding.values()) breaches.push(`E6: ${step} of ${run} holds its places for ever`);
  return breaches;
}

function placesOf(limit: string): number {
  if (limit === "bills") return ORDER_LIMITS.bills;
  return limit === "api" ? ORDER_LIMITS.api : ORDER_LIMITS.customer;
}

/** What is there too often, and what too seldom. */
function differences(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const counts = new Map(wanted.map((each) => [each, -1]));
  for (const each of found) counts.set(each, (counts.get(each) ?? 0) + 1);
  return Array.from(counts)
    .filter(([, count]) => count !== 0)
    .map(([each, count]) => `${what} ${each} is ${count < 0 ? "missing" : `there ${count} times too often`}`);
}
