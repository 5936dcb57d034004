import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { many } from "./workflows.ts";

const STEPS = 2000;
/** Of everything that the first page needs, as it goes over the wire. */
const FIRST_LOAD_BYTES = 250_000;

describe("what is large", () => {
  const dashboard = useDashboard([many]);

  it("is no trouble: a run of 2,000 steps is rendered as far as it is in sight", async () => {
    const { client, page } = dashboard;
    const run = await client.start(many, STEPS);
    await run.result({ timeout: "200s" });
    await dashboard.goto(`/default/runs/${run.id}`);
    await page.getByText("2,000 steps").waitFor();
    const lanes = page.locator(".lane");
    expect(await lanes.count()).toBeLessThan(100);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.getByRole("link", { name: new RegExp(`^step#${STEPS}\\b`, "u") }).waitFor();
    expect(await lanes.count()).toBeLessThan(100);
    await page.getByRole("link", { name: new RegExp(`^step#${STEPS}\\b`, "u") }).click();
    await page
      .getByRole("complementary")
      .getByText(String(STEPS - 1), { exact: true })
      .waitFor();
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.keyboard.press("k");
    await page.getByRole("complementary", { name: `Step step#${STEPS - 1}` }).waitFor();
    await page.locator(".lane.selected").waitFor();
    await page.getByRole("link", { name: "Steps" }).click();
    await expect
      .poll(() => page.getByRole("table", { name: "Steps" }).getAttribute("aria-rowcount"))
      .toBe(String(STEPS + 1));
  }, 240_000);

  it("is not the dashboard itself", () => {
    const manifest = createRequire(import.meta.url).resolve("@kagzi/dashboard/package.json");
    const site = join(dirname(manifest), "dist", "site");
    const compressed = readdirSync(join(site, "assets")).filter((name) => name.endsWith(".gz"));
    const files = [join(site, "index.html"), ...compressed.map((name) => join(site, "assets", name))];
    const bytes = files.reduce((sum, file) => sum + readFileSync(file).byteLength, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES);
  });
});
