import type { RunHandle } from "kagzi";
import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { greet, patient, picky } from "./workflows.ts";

describe("the runs", () => {
  const dashboard = useDashboard([greet, patient, picky]);

  const rows = () => dashboard.page.getByRole("table", { name: "Runs" }).locator("tbody tr:not(.gap)");
  const status = async (run: RunHandle<unknown>) => (await run.status()).status;
  const failing = async () => {
    const run = await dashboard.client.start(picky, { fail: true });
    await run.result().catch(() => {});
    return run;
  };

  it("say what to do where there are none", async () => {
    await dashboard.goto("/default/runs");
    await dashboard.page.getByRole("heading", { name: "No run yet" }).waitFor();
  });

  it("show up without shifting those that are there", async () => {
    const { client, page } = dashboard;
    await (await client.start(greet, { name: "first" }, { id: "first" })).result();
    await dashboard.goto("/default/runs?workflow=greet");
    await rows().filter({ hasText: "first" }).getByText("completed").waitFor();
    await client.start(greet, { name: "second" }, { id: "second" });
    await client.start(greet, { name: "third" }, { id: "third" });
    await page.getByRole("button", { name: "2 new runs" }).waitFor();
    expect(await rows().count()).toBe(1);
    await page.getByRole("button", { name: "2 new runs" }).click();
    await expect.poll(() => rows().count()).toBe(3);
    expect(await rows().first().textContent()).toContain("third");
  });

  it("change in their places while they are looked at", async () => {
    const run = await dashboard.client.start(patient, { name: "x" }, { id: "changes" });
    await dashboard.goto("/default/runs?workflow=patient");
    const row = rows().filter({ hasText: "changes" });
    await row.getByText("waiting").waitFor();
    await run.send("go", { ok: true });
    await row.getByText("completed").waitFor();
  });

  it("are filtered by what the address says, and the address by what is chosen", async () => {
    const { page } = dashboard;
    await failing();
    await dashboard.goto("/default/runs?status=failed");
    await expect.poll(() => rows().count()).toBe(1);
    await page.getByRole("button", { name: /^completed/u }).click();
    await page.waitForURL("**/runs?status=failed%2Ccompleted");
    await page.getByLabel("Workflow", { exact: true }).selectOption("greet");
    await expect.poll(() => rows().count()).toBe(3);
    await page.getByLabel("Started").selectOption("15m");
    await page.reload();
    await expect.poll(() => rows().count()).toBe(3);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await expect.poll(() => rows().count()).toBe(5);
    await page.goto(`${dashboard.url}/default/runs?status=paused`);
    await page.getByRole("heading", { name: "No run matches" }).waitFor();
  });

  it("are found by an external id, an id and the name of a workflow", async () => {
    const { page } = dashboard;
    const run = await dashboard.client.start(greet, { name: "x" }, { id: "to-be-found" });
    await dashboard.goto("/default/runs");
    await rows().first().waitFor();
    const search = async (text: string) => {
      await page.keyboard.press("/");
      await page.keyboard.type(text);
      await page.keyboard.press("Enter");
    };
    await search("to-be-found");
    await page.waitForURL(`**/runs/${run.id}`);
    await dashboard.goto("/default/runs");
    await rows().first().waitFor();
    await search("nobody");
    await page.getByText("No run has the id or the external id “nobody”").waitFor();
    await page.getByLabel("Search for a run or a workflow").fill("");
    await page.getByLabel("Search for a run or a workflow").blur();
    await search("picky");
    await page.waitForURL("**/runs?workflow=picky");
    await page.getByLabel("Search for a run or a workflow").fill("");
    await page.getByLabel("Search for a run or a workflow").blur();
    await search(run.id);
    await page.waitForURL(`**/runs/${run.id}`);
  });

  it("are gone through by keys", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/runs?workflow=greet");
    await rows().first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    const chosen = rows().nth(1);
    await expect.poll(() => chosen.getAttribute("class")).toContain("at");
    const href = await chosen.getByRole("link").getAttribute("href");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${href}`);
    await page.getByRole("heading", { name: "greet" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL("**/default/runs");
  });

  it("are cancelled and retried by hand, many at once", async () => {
    const { client, page } = dashboard;
    const open = await Promise.all([1, 2, 3].map((index) => client.start(patient, { name: `${index}` })));
    const failed = await failing();
    await dashboard.goto("/default/runs");
    for (const run of [...open.slice(0, 2), failed]) await page.getByRole("checkbox", { name: run.id }).check();
    await page.getByRole("button", { name: "Cancel 2…" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("not needed");
    await page.getByRole("button", { name: "Cancel them" }).click();
    await page.getByText("2 runs cancelled.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await expect.poll(() => Promise.all(open.map(status))).toEqual(["cancelled", "cancelled", "waiting"]);

    await page.getByRole("checkbox", { name: failed.id }).check();
    await page.getByRole("button", { name: "Retry 1…" }).click();
    await page.getByRole("button", { name: "Retry them" }).click();
    await page.getByText("1 run retried.").waitFor();
    await expect.poll(async () => (await failed.status()).attempt, { timeout: 15_000 }).toBe(2);
  });

  it("are cancelled by a filter, whether they are shown or not", async () => {
    const { client, page } = dashboard;
    const [mine, other] = [await client.start(patient, { name: "a" }), await client.start(patient, { name: "b" })];
    await expect.poll(() => status(other), { timeout: 15_000 }).toBe("waiting");
    await dashboard.goto("/default/runs?workflow=patient&status=waiting");
    await page.getByRole("checkbox", { name: mine.id }).check();
    await page.getByRole("button", { name: "Cancel all…" }).click();
    await page.getByText("Every run of patient that has not ended and is waiting").waitFor();
    await page.getByRole("button", { name: "Cancel them" }).click();
    await page.getByRole("heading", { name: "Done" }).waitFor();
    await expect
      .poll(async () => [await status(mine), await status(other)], { timeout: 15_000 })
      .toEqual(["cancelled", "cancelled"]);
  });

  it("come page by page, and only what is in sight is rendered", async () => {
    const { client, page } = dashboard;
    for (let batch = 0; batch < 5; batch += 1) {
      await Promise.all(Array.from({ length: 90 }, () => client.start("unknown", undefined)));
    }
    await dashboard.goto("/default/runs?workflow=unknown");
    await rows().first().waitFor();
    const end = page.getByText("This is the first of them.");
    await expect
      .poll(
        async () => {
          await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
          return end.isVisible();
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    const table = page.getByRole("table", { name: "Runs" });
    expect(await table.getAttribute("aria-rowcount")).toBe("451");
    expect(await rows().count()).toBeLessThan(120);
  });
});
