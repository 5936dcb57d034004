import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { greet } from "./workflows.ts";

describe("schedules", () => {
  const dashboard = useDashboard([greet]);

  it("are made with a look at what fires next, run now, paused, changed and deleted", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/schedules");
    await page.getByText("No schedule yet").waitFor();
    await page.getByRole("link", { name: "New schedule" }).click();
    await page.getByLabel("Name", { exact: true }).fill("nightly");
    await page.getByLabel("Workflow", { exact: true }).fill("greet");
    await page.getByRole("textbox", { name: "Cron expression" }).fill("61 * * * *");
    await page.locator(".preview .wrong").waitFor();
    await page.getByRole("textbox", { name: "Cron expression" }).fill("30 2 * * *");
    await page.locator(".preview li").nth(7).waitFor();
    await page.getByLabel("Input of each run").fill('{ "name": "night" }');
    await page.getByRole("button", { name: "Make the schedule" }).click();
    await page.waitForURL("**/default/schedules/nightly");
    await page.getByText('"night"').waitFor();

    await page.getByRole("button", { name: "Run now" }).click();
    await page.waitForURL("**/default/runs/*");
    await dashboard.goto("/default/schedules/nightly");
    await page.getByRole("table", { name: "Runs that it started" }).getByRole("link", { name: "greet" }).waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();

    await page.getByRole("link", { name: "Change" }).click();
    await page.getByLabel("Every so often").check();
    await page.getByLabel("Every so many seconds").fill("900");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByText("every 15 min").waitFor();

    await dashboard.goto("/default/schedules?view=week");
    await page.locator(".week section").nth(6).waitFor();
    // How many of them are today depends on when that is.
    await page
      .locator(".week")
      .getByText(/\b\d+ times/u)
      .first()
      .waitFor();

    await dashboard.goto("/default/schedules");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("No schedule yet").waitFor();
  });

  it("fire once, at a time that is typed", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/new-schedule");
    await page.getByLabel("Name", { exact: true }).fill("once");
    await page.getByLabel("Workflow", { exact: true }).fill("greet");
    await page.getByLabel("Once").check();
    expect(await page.getByRole("button", { name: "Make the schedule" }).isDisabled()).toBe(true);
    await page.getByLabel("At (UTC)").fill("2099-01-01T10:00:00");
    await page.locator(".preview li").getByText("2099-01-01 10:00:00").waitFor();
    await page.getByRole("button", { name: "Make the schedule" }).click();
    await page.waitForURL("**/default/schedules/once");
    await page.getByText("once", { exact: true }).first().waitFor();
  });
});
