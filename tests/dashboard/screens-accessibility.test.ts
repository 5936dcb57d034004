import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { hindrances } from "./hindrances.ts";
import { sendNews, slow } from "./screens.ts";
import { charge, greet } from "./workflows.ts";

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  const dashboard = useDashboard([charge, greet, sendNews, slow]);

  it("nobody is kept out of the screens of operators", async () => {
    const { client } = dashboard;
    const page = await dashboard.newPage({ colorScheme });
    await (await client.start(charge, { customer: "c-9" })).result().catch(() => {});
    for (const customer of ["ada", "ada", "bob"]) await client.start(slow, { customer });
    await client.start("nobody", {});
    await client.send("order.paid", { orderId: "o-1" });
    await client.schedules.create("nightly", { workflow: "greet", cron: "30 2 * * *", input: { name: "night" } });
    await client.schedules.create("often", { workflow: "greet", every: "15m", input: { name: "often" } });
    await dashboard.work([greet], { limits: { bank: { concurrency: 7 } } });
    const look = async (path: string, sign: string) => {
      await page.goto(dashboard.url + path);
      await page.locator("main").getByText(sign).filter({ visible: true }).first().waitFor();
      expect(await hindrances(page), path).toEqual([]);
    };
    await look("/default", "Runs that ended");
    await look("/empty", "Nothing has run here yet");
    await look("/default/workflows", "Runs that ended");
    await look("/empty/workflows", "No workflow yet");
    await look("/default/workflows/slow", "as many began lately as may");
    await look("/default/schedules", "nightly");
    await look("/default/schedules?view=week", "Paused schedules are not shown");
    await look("/default/schedules/nightly", "Fires next");
    await look("/default/new-schedule", "Fires next");
    await look("/empty/schedules", "No schedule yet");
    await look("/default/events", "order.paid");
    await look("/empty/events", "No event yet");
    await look("/default/workers", "online");
    await look("/empty/workers", "No worker yet");
    await look("/default/queues", "no worker online takes them");
    await look("/default/limits", "Which limit?");
    await look("/default/limits?name=bank", "Steps that wait");
    await look("/default/errors", "TypeError");
    await look("/default/namespaces", "default");
    await look("/default/api-keys", "No key yet");
    await look("/empty/audit", "Nothing was done by hand");
    await look("/default/about", "Version");
    await page.goto(`${dashboard.url}/default/workflows/slow`);
    await page.getByRole("button", { name: "Change the limits" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await hindrances(page), "a dialog").toEqual([]);
  }, 240_000);
});
