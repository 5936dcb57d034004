import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { sendNews, slow, two, twoBefore } from "./screens.ts";
import { charge, greet, patient } from "./workflows.ts";

describe("the screens of operators", () => {
  const dashboard = useDashboard([charge, greet, patient, sendNews, slow]);

  it("tell what runs, what failed and what is stuck", async () => {
    const { client, page } = dashboard;
    const failed = await client.start(charge, { customer: "c-9" });
    await failed.result().catch(() => {});
    await client.start("nobody-has-it", {});
    await dashboard.goto("/default");
    await page.getByRole("list", { name: "Failed" }).getByText("customer c-9 has no account").waitFor();
    const stuck = page.getByRole("list", { name: "Waiting for longest" });
    await stuck.getByText("no worker online takes them").waitFor();
    await page.getByRole("list", { name: "Now" }).getByRole("link", { name: "1 worker online" }).click();
    await page.getByRole("table", { name: "Workers" }).getByText("online").waitFor();
  });

  it("group failed runs by what went wrong", async () => {
    const { client, page } = dashboard;
    for (const customer of ["c-1", "c-2"]) await (await client.start(charge, { customer })).result().catch(() => {});
    await dashboard.goto("/default/errors");
    const group = page.getByRole("region", { name: "TypeError" });
    await group.getByText(/[23] runs/u).waitFor();
    expect(await group.count()).toBe(1);
    await group.getByText("Its runs").click();
    await group
      .getByRole("link", { name: /^[\da-f-]{36}$/u })
      .first()
      .click();
    await page.waitForURL("**/default/runs/*");
  });

  it("change the limits of a workflow while it runs, and take that back", async () => {
    const { client, page } = dashboard;
    await client.start(slow, { customer: "ada" });
    await client.start(slow, { customer: "ada" });
    await dashboard.goto("/default/workflows");
    await page.getByRole("table", { name: "Workflows" }).getByRole("link", { name: "slow" }).click();
    const queues = page.getByRole("table", { name: "Queues" });
    await queues.getByText("as many began lately as may").waitFor();
    await queues.getByText("ada").waitFor();
    await page.getByRole("button", { name: "Change the limits" }).click();
    const dialog = page.getByRole("dialog", { name: "Change the limits" });
    await dialog.getByLabel("How many runs may begin").fill("1000");
    await dialog.getByRole("button", { name: "Put in force" }).click();
    await page.getByText("Set by hand").waitFor();
    await page.getByText("at most 1000 runs begin within 1 h").waitFor();
    await page.getByRole("button", { name: "Back to the code" }).click();
    await page.getByText("Set by hand").waitFor({ state: "detached" });
  });

  it("refuse limits that make no sense, and say why", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/workflows/greet");
    await page.getByRole("button", { name: "Change the limits" }).click();
    const dialog = page.getByRole("dialog", { name: "Change the limits" });
    await dialog.getByLabel("How many runs at once", { exact: true }).fill("1.5");
    await dialog.getByRole("button", { name: "Put in force" }).click();
    await page.locator(".toast.bad").first().waitFor();
    await dialog.waitFor();
  });

  it("show a workflow's figures, also as numbers", async () => {
    const { client, page } = dashboard;
    await (await client.start(greet, { name: "Ada" })).result();
    await dashboard.goto("/default/workflows/greet?range=hour");
    const chart = page.getByRole("figure", { name: "Runs that ended" });
    await chart.getByRole("img", { name: /completed: at most 1/u }).waitFor();
    await chart.getByText("As numbers").click();
    expect(await chart.getByRole("row").count()).toBe(61);
    await page.getByLabel("Time range").selectOption("week");
    await page.waitForURL("**range=week");
  });

  it("set the version that new runs take", async () => {
    const { page } = dashboard;
    await dashboard.work([two, twoBefore]);
    await dashboard.goto("/default/workflows/two");
    const versions = page.getByRole("list", { name: "Versions" });
    await versions.getByRole("listitem").filter({ hasText: "v2" }).getByText("new runs take it").waitFor();
    await versions.getByRole("button", { name: "Let new runs take it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Set it" }).click();
    await versions.getByText("new runs take it, as was set").waitFor();
    await page.getByRole("button", { name: "Take the highest again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Set it" }).click();
    await page.getByRole("button", { name: "Take the highest again" }).waitFor({ state: "detached" });
  });

  it("send an event, and tell whom it started", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/events");
    await page.getByRole("button", { name: "Send an event" }).click();
    const dialog = page.getByRole("dialog", { name: "Send an event" });
    await dialog.getByLabel("Name").fill("order.paid");
    await dialog.getByLabel("Payload").fill("{ no");
    expect(await dialog.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Payload").fill('{ "orderId": "o-1" }');
    await dialog.getByRole("button", { name: "Send" }).click();
    await page.getByText("order.paid was sent. It started 1 run.").waitFor();
    await page.getByRole("table", { name: "Events" }).getByRole("button", { name: "order.paid" }).click();
    await page.getByRole("dialog", { name: "order.paid" }).getByText('"o-1"').waitFor();
  });

  it("make a namespace, keep its runs for some days, and disable it", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/namespaces");
    await page.getByRole("button", { name: "New namespace" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Not good");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.locator(".toast.bad").first().waitFor();
    await page.getByLabel("Name", { exact: true }).fill("billing");
    await page.getByRole("button", { name: "Make it" }).click();
    const row = page.getByRole("table", { name: "Namespaces" }).getByRole("row").filter({ hasText: "billing" });
    await row.getByRole("button", { name: "Change billing" }).click();
    await page.getByLabel("Runs that have ended are kept").selectOption("days");
    await page.getByLabel("Days").fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await row.getByText("7 d").waitFor();
    await row.getByRole("button", { name: "Disable billing" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable", exact: true }).click();
    await row.getByText("disabled").waitFor();
    expect((await dashboard.client.namespaces.get("billing")).enabled).toBe(false);
  });

  it("look at a step limit, and change it", async () => {
    const { page } = dashboard;
    await dashboard.work([greet], { limits: { bank: { concurrency: 7 } } });
    await dashboard.goto("/default/limits");
    await page.getByLabel("Name of the limit").fill("bank");
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByRole("button", { name: "Change the limit" }).click();
    await page.getByLabel("How many steps at once").fill("3");
    await page.getByRole("button", { name: "Put in force" }).click();
    await page.getByText("at most 3 steps at once").waitFor();
  });

  it("make a key that is shown once, and revoke it; the audit log tells of both", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/api-keys");
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name", { exact: true }).fill("billing");
    await page.getByRole("button", { name: "Make it" }).click();
    const made = page.getByRole("dialog", { name: "The key" });
    expect(await made.locator("code.secret").textContent()).toMatch(/^kagzi_[\da-f]{16}_/u);
    await made.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("button", { name: "Revoke billing" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("table", { name: "API keys" }).getByText("revoked").waitFor();
    await dashboard.goto("/default/audit");
    const log = page.getByRole("table", { name: "Audit log" });
    await log.getByText("apikey.create").waitFor();
    await log.getByText("apikey.revoke").waitFor();
  });

  it("tell which server it is", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/about");
    await page.locator("main").getByText("serving").waitFor();
    await page.locator("main").getByText("SQLite, schema").waitFor();
  });

  it("drain a worker", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/workers");
    const table = page.getByRole("table", { name: "Workers" });
    await table.getByRole("link").first().click();
    await page.getByRole("list", { name: "Workflows" }).waitFor();
    await page.getByRole("button", { name: "Drain" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
    await page.getByText("draining").waitFor();
  });
});
