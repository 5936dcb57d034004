import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { greet, patient } from "./workflows.ts";

describe("starting a run", () => {
  const dashboard = useDashboard([greet, patient]);

  it("has a form where the code tells the shape of the input", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/start");
    await page.getByLabel("Workflow", { exact: true }).selectOption("greet");
    await page.getByLabel("Name", { exact: true }).fill("Ada");
    expect(await page.getByLabel("times (optional)").inputValue()).toBe("1");
    await page.getByLabel("times (optional)").fill("2");
    await page.getByLabel("tone (optional)").selectOption("warm");
    await page.getByLabel("loud").check();
    await page.getByLabel("tags (optional)").fill('["a"]');
    await page.getByLabel("External id (optional)").fill("by-hand");
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.waitForURL("**/default/runs/*");
    const run = dashboard.client.run(page.url().split("/").at(-1) ?? "");
    expect(await run.result()).toBe("Hello AdaHello Ada");
    await page.goto(`${page.url()}/data`);
    for (const text of ['"warm"', "true", '"a"'])
      await page.getByRole("region", { name: "Input" }).getByText(text).waitFor();
  });

  it("takes JSON, and is filled in from a run of before", async () => {
    const { page } = dashboard;
    const before = await dashboard.client.start(patient, { name: "from before" });
    await dashboard.goto("/default/start?workflow=patient");
    const json = page.getByLabel("Input as JSON");
    await json.fill("{");
    expect(await page.getByRole("button", { name: "Start the run" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Fill in from the last run" }).click();
    await expect.poll(() => json.inputValue()).toContain("from before");
    await dashboard.goto(`/default/start?from=${before.id}`);
    await expect.poll(() => json.inputValue()).toContain("from before");
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.waitForURL((url) => url.pathname.includes("/runs/") && !url.pathname.includes(before.id));
  });

  it("finds the run that has the same external id, and says what is wrong with a start", async () => {
    const { page } = dashboard;
    const run = await dashboard.client.start(greet, { name: "once" }, { id: "once" });
    const start = async (name: string, externalId: string) => {
      await dashboard.goto("/default/start?workflow=greet");
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel("times (optional)").fill("");
      await page.getByLabel("External id (optional)").fill(externalId);
      await page.getByRole("button", { name: "Start the run" }).click();
    };
    await start("once", "once");
    await page.waitForURL(`**/runs/${run.id}`);
    await start("twice", "once");
    await page.getByRole("status").getByText("once").waitFor();
    await start("x", "x".repeat(300));
    await page.getByRole("status").getByText("at most 255").waitFor();
  });
});
