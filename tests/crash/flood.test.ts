import { openStore } from "@kagzi/embedded";
import { orderOf, placeOrder, settleOrders } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CrashFixture } from "./fixture.ts";
import { findOrderBreaches } from "./order-check.ts";
import { leftovers, recordedOrders } from "./recorded-orders.ts";
import { ORDER_SYSTEMS, ROUNDS } from "./systems.ts";

const ORDERS = 120;
const FAULTS = 6;
/** The steps of all orders that take places of limits: two of each. */
const HELD = 2 * ORDERS;

describe.each(ORDER_SYSTEMS)("a flood of events, limits and a schedule on %s", (name, open) => {
  let f: CrashFixture;

  beforeEach(async () => {
    f = await CrashFixture.open(open, ORDERS);
  });

  afterEach(() => f.close());

  it.each(ROUNDS)("loses nothing and does nothing twice while its processes are killed, round %i", async () => {
    await f.system.start();
    const strikes = f.strike(FAULTS, (ledger, part) => ledger.count("free") >= part * HELD);
    await Promise.all([placeOrders(), strikes]).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; the processes wrote:\n${f.system.output()}`, { cause });
    });
    const codes = await f.system.stop();
    if (codes.some((code) => code !== 0))
      expect.fail(`processes ended with ${codes.join(", ")}:\n${f.system.output()}`);
    await inspect();
  });

  /** Places the orders and waits until all is done, unless a process of the system does so itself. */
  async function placeOrders(): Promise<void> {
    const clients = f.system.urls.map((url) => new Client({ url }));
    const [client] = clients;
    if (client === undefined) return;
    await Promise.all(Array.from({ length: ORDERS }, (_, n) => placeOrder(clients, orderOf(n))));
    await settleOrders(client);
    await Promise.all(clients.map((each) => each.close()));
  }

  async function inspect(): Promise<void> {
    const store = await openStore(f.system.db);
    try {
      const recorded = await recordedOrders(store);
      expect(findOrderBreaches(f.ledger.lines, recorded, ORDERS)).toEqual([]);
      expect(await leftovers(store)).toEqual([]);
      expect(await store.violations()).toEqual([]);
      const ticks = recorded.runs.filter(({ workflow }) => workflow === "tick").length;
      const faults = f.ledger.lines.flatMap((line) => (line.kind === "fault" ? [line.what] : []));
      process.stdout.write(
        `${name}: ${recorded.runs.length} runs, ${recorded.events.length} events, ${ticks} slots, ` +
          `${f.ledger.count("hold")} executions for ${HELD}; ${faults.join(", ")}\n`,
      );
    } finally {
      await store.close();
    }
  }
});
