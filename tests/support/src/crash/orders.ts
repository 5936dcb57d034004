import { randomUUID } from "node:crypto";
import { type Client, workflow } from "kagzi";
import type { LedgerEntry } from "../ledger.ts";

/** What an order's event says, and what the runs that it starts are given. */
export interface Order {
  readonly order: string;
  readonly customer: string;
}

/** What came to the run that bills an order. */
export interface Bill {
  readonly order: string;
  /** What the event said that it waited for. */
  readonly paid: string | undefined;
  /** Whether that was brought to it a second time. */
  readonly paidAgain: boolean;
  readonly notes: readonly (number | undefined)[];
}

/** Places of all bills, of the named limit `api`, and of one customer. */
export const ORDER_LIMITS = { bills: 6, api: 2, customer: 1 } as const;
/** Notes that each order is sent, in their order. */
export const NOTES = [1, 2, 3];
const LONGEST_STEP_MS = 20;
const LONGEST_PAUSE_MS = 1500;

/**
 * Workflows that are started by events, held back by limits, wait for events of the namespace, send some, and one that a
 * schedule starts every second.
 */
export function orderWorkflows(append: (entry: LedgerEntry) => Promise<void>) {
  const concurrency = [ORDER_LIMITS.bills, { limit: ORDER_LIMITS.customer, key: "customer" }];
  const bill = workflow("bill", { on: "order.placed", concurrency }, async (ctx, input: Order): Promise<Bill> => {
    const { customer, order } = input;
    const places = ["bills", `customer ${customer}`];
    await ctx.step("charge", () => hold({ run: ctx.runId, step: "charge", limits: places }));
    const paid = await ctx.waitForEvent<string>("order.paid", { key: order });
    const notes: (number | undefined)[] = [];
    for (const _ of NOTES) notes.push((await ctx.waitForEvent<number>("note", { key: order }))?.payload);
    await ctx.step("report", { limit: "api" }, () =>
      hold({ run: ctx.runId, step: "report", limits: [...places, "api"] }),
    );
    await ctx.send("order.shipped", input);
    const again = await ctx.waitForEvent("order.paid", { key: order, timeout: 10 });
    return { order, paid: paid?.payload, paidAgain: again !== null, notes };
  });
  const audit = workflow("audit", { on: "order.placed" }, async (ctx, { order }: Order) =>
    ctx.step("audit", () => order),
  );
  const notify = workflow("notify", { on: "order.shipped" }, async (ctx, { order }: Order) =>
    ctx.step("notify", () => order),
  );
  const schedule = { every: "1s", maxCatchup: 1000, overlap: "allow" } as const;
  const tick = workflow("tick", { schedule }, async (ctx) => ctx.step("tick", () => "done"));
  return [bill, audit, notify, tick] as const;

  async function hold(about: { readonly run: string; readonly step: string; readonly limits: readonly string[] }) {
    const id = randomUUID();
    await append({ kind: "hold", id, ...about, pid: process.pid });
    await pause(LONGEST_STEP_MS);
    await append({ kind: "free", id });
  }
}

/** The order of a number. Every twentieth is of the same customer. */
export function orderOf(n: number): Order {
  return { order: `order-${n}`, customer: String(n % 20) };
}

/**
 * Sends everything that an order is, each event with its own id and some of them twice, to whichever server, and waits for
 * the runs that it starts. May be called again for the same order.
 */
export async function placeOrder(clients: readonly Client[], order: Order): Promise<void> {
  const any = () => clients[Math.floor(Math.random() * clients.length)] as Client;
  const key = order.order;
  const send = async (event: string, payload: unknown, id: string) => {
    const once = () => any().send(event, payload, { id: `${key} ${id}`, key });
    const [answer] = await Promise.all(Math.random() < 0.3 ? [once(), once()] : [once()]);
    return answer;
  };
  const { startedRunIds } = await send("order.placed", order, "placed");
  // Now and then before the run waits, now and then when it has waited for long.
  const pay = async () => {
    await pause(LONGEST_PAUSE_MS);
    await send("order.paid", `paid ${key}`, "paid");
  };
  const note = async () => {
    await pause(LONGEST_PAUSE_MS);
    for (const n of NOTES) await send("note", n, `note ${n}`);
  };
  await Promise.all([pay(), note()]);
  await Promise.all(startedRunIds.map((id) => any().run(id).result()));
}

/** Stops the schedule, and waits until every run has ended. */
export async function settleOrders(client: Client): Promise<void> {
  await client.schedules.pause("tick");
  const status = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  while ((await client.runs.list({ status }).page({ size: 1 })).items.length > 0) await pause(100);
}

function pause(longestMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longestMs));
}
