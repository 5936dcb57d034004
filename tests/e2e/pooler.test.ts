import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { createPgBouncer } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { expect, inject, it } from "vitest";
import { quiet } from "./fixture.ts";

it("two servers behind a pooler work on one run, and each hears what came to the other", async () => {
  const bouncer = await createPgBouncer(inject("postgresUrl"));
  const schema = `pooler_${process.pid}`;
  const open = () => openStore(bouncer.url, { schema });
  const stores = [await open(), await open()] as const;
  const [one, other] = await Promise.all(
    stores.map((store) => startServer({ store, host: "127.0.0.1", port: 0, config: { pollMs: 100 } })),
  );
  if (one === undefined || other === undefined) throw new Error("there are no servers");
  await Promise.all([one.ready, other.ready]);
  const approve = workflow("approve", async (ctx) => {
    const before = await ctx.step("prepare", () => "prepared");
    const event = await ctx.waitForEvent<string>("approved");
    return `${before}, ${event?.payload}`;
  });
  const client = new Client({ url: one.url });
  const worker = new Worker({ url: other.url, workflows: [approve], logger: quiet });
  try {
    await worker.start();
    const run = await client.start(approve, undefined);
    await run.send("approved", "by Ada");
    expect(await run.result()).toBe("prepared, by Ada");
    expect(await stores[0].violations()).toEqual([]);
  } finally {
    await worker.stop();
    await client.close();
    await Promise.all([one.stop(), other.stop()]);
    await Promise.all(stores.map((store) => store.close()));
    await bouncer.remove();
  }
});
