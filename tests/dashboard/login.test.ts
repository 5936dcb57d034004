import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL, type Role, type Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { ApiKeys, type RunningServer, startServer, systemEnv } from "@kagzi/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "./chromium.ts";
import { hindrances } from "./hindrances.ts";

describe("a server that asks everybody who they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-login-"));
  let browser: Browser;
  let server: RunningServer;
  let store: Store;

  beforeAll(async () => {
    store = await openStore(`sqlite:${join(folder, "test.db")}`, {});
    server = await startServer({ store, host: "127.0.0.1", port: 0, auth: "required" });
    await server.ready;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function makeKey(role: Role): Promise<{ readonly id: string; readonly key: string }> {
    const { apiKey, key } = await keysOf(store).create({ name: `the ${role}`, role }, LOCAL);
    return { id: apiKey.keyId, key };
  }

  async function signIn(page: Page, key: string): Promise<void> {
    await page.goto(server.url);
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  it("shows the login, refuses a wrong key, lets a good one in and out again", async () => {
    const page = await browser.newPage();
    const { key } = await makeKey("admin");
    await signIn(page, "kagzi_0000000000000000_nothing");
    await page.getByText("You are not signed in").waitFor();
    expect(await hindrances(page)).toEqual([]);
    await signIn(page, key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByText("the admin").waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(key);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Kagzi" }).waitFor();
    await page.close();
  });

  it("says what a role may not do", async () => {
    const page = await browser.newPage();
    await signIn(page, (await makeKey("read-only")).key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("link", { name: "Events" }).click();
    const send = page.getByRole("button", { name: "Send an event" });
    await send.waitFor();
    expect(await send.isDisabled()).toBe(true);
    expect(await send.getAttribute("title")).toContain("role read-only");
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByRole("alert").waitFor();
    await page.close();
  });

  it("shows the login when the key is revoked", async () => {
    const page = await browser.newPage();
    const { id, key } = await makeKey("client");
    await signIn(page, key);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await keysOf(store).revoke(id, LOCAL);
    await page.getByRole("heading", { name: "Sign in to Kagzi" }).waitFor();
    await page.close();
  });
});

function keysOf(store: Store): ApiKeys {
  return new ApiKeys({ store, env: systemEnv() });
}
