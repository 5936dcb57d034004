import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { hindrances } from "./hindrances.ts";
import { charge, greet, patient } from "./workflows.ts";

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  const dashboard = useDashboard([charge, greet, patient]);

  it("nobody is kept out of any screen", async () => {
    const page = await dashboard.newPage({ colorScheme });
    const failed = await dashboard.client.start(charge, { customer: "c-9" });
    await failed.result().catch(() => {});
    const open = await dashboard.client.start(patient, { name: "x" });
    await dashboard.client.start("unknown", undefined);
    await dashboard.client.run(open.id).pause("a look at it");
    const look = async (path: string, sign: string) => {
      await page.goto(dashboard.url + path);
      await page.getByText(sign).filter({ visible: true }).first().waitFor();
      expect(await hindrances(page), path).toEqual([]);
    };
    await look("/default/runs", "charge");
    await look("/default/runs?status=paused", "patient");
    await look("/default/runs?workflow=nothing", "No run matches");
    await look(`/default/runs/${failed.id}?step=bank`, "What it did");
    await look(`/default/runs/${failed.id}/steps`, "reserve");
    await look(`/default/runs/${failed.id}/history?record=2`, "Record 2");
    await look(`/default/runs/${failed.id}/data`, "c-9");
    await look(`/default/runs/${failed.id}/related`, "Runs that it started");
    await look(`/default/runs/${open.id}`, "paused");
    await look("/default/start?workflow=greet", "Who is greeted");
    await look("/default/nowhere/at/all", "There is no such page");
    await page.goto(`${dashboard.url}/default/runs/${open.id}`);
    await page.getByRole("button", { name: "Cancel…" }).click();
    expect(await hindrances(page), "a dialog").toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await hindrances(page), "the sheet of keys").toEqual([]);
  }, 240_000);
});
