import type { Charge, Execution } from "./journal.ts";
import { type Order, checkOrder, formatAmount } from "./order.ts";
import type { Receipt } from "./process-order.ts";

/** What the engine says of the run of an order. */
export interface OrderRun {
  readonly order: Order;
  readonly status: string;
  readonly receipt: Receipt | undefined;
  /** Why it failed. */
  readonly reason: string | undefined;
  /** Names of the steps that it has a record of. */
  readonly steps: readonly string[];
}

/** What the engine says, held against what happened outside of it. */
export interface Audit {
  readonly rows: readonly (readonly [what: string, value: string])[];
  /** What does not agree; nothing if all is well. */
  readonly faults: readonly string[];
}

export function audit(runs: readonly OrderRun[], charges: readonly Charge[], executions: readonly Execution[]): Audit {
  const booked = new Map(charges.map((charge) => [charge.key, charge]));
  const money = compareMoney(runs, [...booked.values()]);
  const completed = runs.filter(({ status }) => status === "completed");
  const failed = runs.filter(({ status }) => status === "failed");
  const recordedTwice = runs.filter(({ steps }) => new Set(steps).size < steps.length);
  const unexpected = runs.filter((run) => run.status !== (mustFail(run.order) ? "failed" : "completed"));
  return {
    rows: [
      ["orders", String(runs.length)],
      ["completed", String(completed.length)],
      ["failed as they should", String(failed.filter(({ order }) => mustFail(order)).length)],
      ["whose payment was retried", String(countRetried(executions))],
      ["steps run twice because of the kill", String(countRepeated(executions))],
      ["steps recorded twice", String(recordedTwice.length)],
      ["payments sent twice, charged once", String(charges.length - booked.size)],
      ...money.rows,
    ],
    faults: [
      ...unexpected.map(({ order, reason = "", status }) => `order ${order.id} is ${status} ${reason}`),
      ...recordedTwice.map(({ order }) => `a step of order ${order.id} is recorded twice`),
      ...money.faults,
    ],
  };
}

/** Every charge of the provider's books is one of a completed run, and the other way round, to the smallest unit. */
function compareMoney(runs: readonly OrderRun[], booked: readonly Charge[]): Audit {
  const receipts = runs.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt]));
  const byEngine = totals(receipts.map(({ charged, currency }) => ({ amount: charged, currency })));
  const byBooks = totals(booked);
  const currencies = [...new Set([...byEngine.keys(), ...byBooks.keys()])].toSorted();
  const orders = new Set(booked.map(({ order }) => order));
  const twice = booked.length === orders.size ? [] : [`${booked.length - orders.size} orders were charged twice`];
  return {
    rows: currencies.map((currency) => {
      const [engine, books] = [byEngine.get(currency) ?? 0, byBooks.get(currency) ?? 0];
      const sign = engine === books ? "=" : "≠";
      return [`charged ${sign} ledger`, `${formatAmount(engine, currency)} ${sign} ${formatAmount(books, currency)}`];
    }),
    faults: [
      ...twice,
      ...currencies
        .filter((currency) => byEngine.get(currency) !== byBooks.get(currency))
        .map((currency) => `the totals in ${currency} differ`),
    ],
  };
}

function totals(amounts: readonly { readonly amount: number; readonly currency: string }[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { amount, currency } of amounts) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return sums;
}

function mustFail(order: Order): boolean {
  try {
    checkOrder(order);
    return order.card === "tok_declined";
  } catch {
    return true;
  }
}

function countRetried(executions: readonly Execution[]): number {
  return new Set(executions.filter(({ attempt, step }) => step === "pay" && attempt > 1).map(({ run }) => run)).size;
}

function countRepeated(executions: readonly Execution[]): number {
  return executions.length - new Set(executions.map(({ attempt, run, step }) => `${run} ${step} ${attempt}`)).size;
}
