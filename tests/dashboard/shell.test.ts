import { workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { useDashboard } from "./fixture.ts";
import { prefixProxy } from "./prefix-proxy.ts";

const greet = workflow("greet", async (ctx, input: { readonly name: string }) =>
  ctx.step("hello", () => `Hello ${input.name}`),
);

describe("the shell", () => {
  const dashboard = useDashboard([greet]);

  it("begins with the overview of the default namespace", async () => {
    await dashboard.client.start(greet, { name: "Ada" });
    await dashboard.goto("/");
    await dashboard.page.getByRole("heading", { name: "Overview" }).waitFor();
    await dashboard.page.getByRole("list", { name: "Now" }).waitFor();
    expect(new URL(dashboard.page.url()).pathname).toBe("/default");
  });

  it("works under the path of a proxy", async () => {
    const proxy = await prefixProxy(dashboard.url, "/tools/kagzi");
    try {
      const page = await dashboard.newPage({}, proxy.url);
      await page.goto(`${proxy.url}/tools/kagzi/default/runs`);
      await page.getByRole("link", { name: "greet" }).first().click();
      await page.waitForURL("**/tools/kagzi/default/runs/*");
    } finally {
      await proxy.close();
    }
  });

  it("shows the keys, and closes them with Esc", async () => {
    await dashboard.goto("/default/runs");
    const { page } = dashboard;
    await page.getByRole("table", { name: "Runs" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await page.waitForURL("**/default/start");
  });

  it("keeps the colours that somebody chose", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/runs");
    await page.getByRole("button", { name: "Colours: system" }).click();
    await page.getByRole("button", { name: "Colours: light" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Colours: dark" }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe("dark");
  });

  it("says that the server is gone, and goes on when it is back", async () => {
    const { page } = dashboard;
    await dashboard.goto("/default/runs");
    await page.getByRole("table", { name: "Runs" }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("alert").waitFor({ state: "detached" });
  });

  it("asks for nothing while nobody looks, and at once when somebody does", async () => {
    const { page } = dashboard;
    await page.clock.install();
    await dashboard.goto("/default/runs");
    await page.getByRole("table", { name: "Runs" }).waitFor();
    const show = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    await show(true);
    await page.waitForLoadState("networkidle");
    let asked = 0;
    page.on("request", () => (asked += 1));
    await page.clock.runFor(60_000);
    expect(asked).toBe(0);
    await show(false);
    await expect.poll(() => asked).toBeGreaterThan(0);
  });
});
