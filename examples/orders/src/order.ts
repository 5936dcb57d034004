import { readFileSync } from "node:fs";
import { KagziError } from "kagzi";

/** An order as the shop's web site took it. Amounts are in the smallest unit of the currency: cents, yen, fils. */
export interface Order {
  readonly id: string;
  readonly placedAt: string;
  readonly customer: { readonly name: string; readonly email: string; readonly country: string };
  readonly currency: string;
  readonly items: readonly {
    readonly sku: string;
    readonly name: string;
    readonly quantity: number;
    readonly unitPrice: number;
  }[];
  readonly total: number;
  /** `tok_ok`, `tok_declined`, or `tok_fails_2` for a card whose payment fails twice before it works. */
  readonly card: string;
}

/** Digits after the decimal point (ISO 4217). */
const DIGITS: Readonly<Record<string, number>> = { EUR: 2, USD: 2, GBP: 2, JPY: 0, INR: 2, SEK: 2, CHF: 2, BHD: 3 };

export function readOrders(path: URL | string): Order[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Order);
}

/** @throws KagziError `PRECONDITION_FAILED`, not to be retried, for an order that cannot be carried out */
export function checkOrder(order: Order): void {
  const problem = findProblem(order);
  if (problem === undefined) return;
  throw KagziError.nonRetryable(`order ${order.id} is refused: ${problem}`, { metadata: { order: order.id } });
}

function findProblem({ currency, customer, items, total }: Order): string | undefined {
  if (DIGITS[currency] === undefined) return `nobody pays in ${currency}`;
  if (!/^[^\s@]+@[^\s@]+$/.test(customer.email)) return `${JSON.stringify(customer.email)} is no address`;
  if (items.length === 0) return "it has no items";
  if (items.some(({ quantity }) => !Number.isInteger(quantity) || quantity < 1)) return "a quantity makes no sense";
  const sum = items.reduce((so, { quantity, unitPrice }) => so + quantity * unitPrice, 0);
  return sum === total ? undefined : `its items come to ${sum}, not to ${total}`;
}

/** An amount as people write it: `12.90 EUR`. */
export function formatAmount(amount: number, currency: string): string {
  const digits = DIGITS[currency] ?? 0;
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}
