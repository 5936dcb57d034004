import type { RunHandle } from "kagzi";
import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { charge, greet, order, patient, ship } from "./workflows.ts";

const INPUT = { id: "o-1", items: [{ sku: "paper", count: 1 }] };

describe("a run", () => {
  const dashboard = useDashboard([charge, greet, order, patient, ship]);

  const open = (run: RunHandle<unknown>, rest = "") => dashboard.goto(`/default/runs/${run.id}${rest}`);
  const button = (name: string) => dashboard.page.getByRole("button", { name, exact: true });
  const badge = (text: string) => dashboard.page.locator(".title-row").getByText(text, { exact: true });
  const waiting = async () => {
    const run = await dashboard.client.start(patient, { name: "Ada" });
    await open(run);
    await badge("waiting").waitFor();
    return run;
  };
  const failed = async () => {
    const run = await dashboard.client.start(charge, { customer: "c-9" });
    await run.result().catch(() => {});
    return run;
  };

  it("shows its steps with attempts and waits as they happen, and why it is not moving", async () => {
    const { page } = dashboard;
    const run = await dashboard.client.start(order, INPUT);
    await open(run);
    const lane = (name: string) => page.getByRole("row").filter({ hasText: name });
    await lane("validate").waitFor();
    await expect.poll(() => lane("charge").locator(".bar.attempt.failed").count()).toBe(2);
    await lane("charge").locator(".bar.attempt.completed").waitFor();
    await lane("cool-off").locator(".bar.wait").waitFor();
    await page.getByText('waits for event "approval"').waitFor();
    await run.send("approval", { by: "Bo" });
    await badge("completed").waitFor();
    await lane("mail").waitFor();
    await page.getByText("6 steps").waitFor();
  });

  it("shows what went into a step, what came out, what went wrong and why", async () => {
    const { page } = dashboard;
    const run = await failed();
    await open(run);
    await page.getByRole("region", { name: "Why the run ended so" }).getByText("TypeError").first().waitFor();
    await page.getByRole("link", { name: "bank" }).click();
    const panel = page.getByRole("complementary", { name: "Step bank" });
    await panel.getByText("customer c-9 has no account").first().waitFor();
    await panel.getByText("404 from the bank").waitFor();
    await panel.getByText("workflows.ts").first().waitFor();
    await page.keyboard.press("k");
    await page.getByRole("complementary", { name: "Step reserve" }).getByText('"stock"').waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("");
  });

  it("has its steps, its history, its data and its relations", async () => {
    const { page } = dashboard;
    const run = await dashboard.client.start(order, INPUT);
    await run.send("approval", { by: "Bo" });
    await run.result({ timeout: "30s" });
    await open(run, "/steps?step=charge");
    await page.getByRole("complementary").getByText('"currency"').waitFor();
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("row").filter({ hasText: "failed, to be retried" }).first().click();
    await page.getByRole("complementary").getByText("the bank did not answer").first().waitFor();
    await page.getByRole("link", { name: "Input and output" }).click();
    await page.getByRole("region", { name: "Output" }).getByText('"T-o-1"').waitFor();
    await page.getByRole("link", { name: "Related" }).click();
    await page.getByRole("table", { name: "Children" }).getByRole("link", { name: "ship" }).click();
    await page.getByRole("link", { name: "a run", exact: true }).click();
    await page.waitForURL(`**/runs/${run.id}`);
  });

  it("gets an event, with what it waits for filled in", async () => {
    const { page } = dashboard;
    const run = await waiting();
    await button("Send an event…").click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("go");
    await page.getByLabel("Payload").fill("{ not json");
    await page.getByText("This is no JSON").waitFor();
    expect(await button("Send").isDisabled()).toBe(true);
    await page.getByLabel("Payload").fill('{"ok":true}');
    await button("Send").click();
    await badge("completed").waitFor();
    expect(await run.result()).toMatchObject({ payload: { ok: true } });
  });

  it("is paused and resumed", async () => {
    const { page } = dashboard;
    await waiting();
    await button("Pause…").click();
    await page.getByLabel("Reason").fill("a look at it first");
    await button("Pause").click();
    await badge("paused").waitFor();
    await button("Resume").click();
    await badge("waiting").waitFor();
  });

  it("is cancelled", async () => {
    const run = await waiting();
    await button("Cancel…").click();
    await dashboard.page.getByText("has a minute to clean up").waitFor();
    await dashboard.page.getByLabel("Reason").fill("no longer wanted");
    await button("Cancel the run").click();
    await badge("cancelled").waitFor();
    expect((await run.status()).error?.message).toContain("no longer wanted");
  });

  it("is terminated", async () => {
    await waiting();
    await button("Terminate…").click();
    await button("Terminate").click();
    await badge("cancelled").waitFor();
  });

  it("is left alone by whoever thinks better of it", async () => {
    const run = await waiting();
    await button("Terminate…").click();
    await dashboard.page.keyboard.press("Escape");
    await dashboard.page.getByRole("dialog").waitFor({ state: "detached" });
    await button("Cancel…").click();
    await button("Do nothing").click();
    expect((await run.status()).status).toBe("waiting");
  });

  it("is retried", async () => {
    const run = await failed();
    await open(run);
    await button("Retry").click();
    await dashboard.page.getByText("The run goes on from where it failed").waitFor();
    await expect.poll(async () => (await run.status()).attempt, { timeout: 15_000 }).toBe(2);
  });

  it("is run again from a step, with another input, as a new run", async () => {
    const { page } = dashboard;
    const run = await failed();
    await open(run, "?step=bank");
    await button("Rerun from here…").click();
    await page.getByLabel("Input").fill('{"customer":"c-10"}');
    await button("Start the new run").click();
    await page.waitForURL((url) => url.pathname.includes("/runs/") && !url.pathname.includes(run.id));
    await page.getByText("customer c-10 has no account").first().waitFor();
    await page.getByRole("link", { name: "Related" }).click();
    await page.getByRole("link", { name: run.id }).waitFor();
  });

  it("is deleted by whoever types its workflow's name", async () => {
    const { page } = dashboard;
    const run = await dashboard.client.start(greet, { name: "x" }, { id: "to-go" });
    await run.result();
    await open(run);
    await button("Delete…").click();
    expect(await button("Delete for ever").isDisabled()).toBe(true);
    await page.getByLabel("Type greet to confirm").fill("greet");
    await button("Delete for ever").click();
    await page.waitForURL("**/default/runs");
    await open(run);
    await page.getByRole("heading", { name: "There is no such run" }).waitFor();
  });

  it("tells why what somebody asked for was refused", async () => {
    const { page } = dashboard;
    const run = await failed();
    await open(run);
    await button("Retry").waitFor();
    await button("Delete…").click();
    const deleted = await fetch(`${dashboard.url}/kagzi.v1.WorkflowService/DeleteWorkflow`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ runId: run.id }),
    });
    expect(deleted.status).toBe(200);
    await page.getByLabel("Type charge to confirm").fill("charge");
    await button("Delete for ever").click();
    await page.getByRole("status").getByText(run.id).waitFor();
  });
});
