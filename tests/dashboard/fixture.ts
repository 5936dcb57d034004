import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@kagzi/embedded";
import { type RunningServer, startServer } from "@kagzi/server";
import { Client, Worker, type WorkerOptions, type Workflow } from "kagzi";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { launchChromium } from "./chromium.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Screens are given this long to show what they should. */
const PATIENCE_MS = 20_000;

/** A real server on SQLite, real workers, and a real browser that looks at them. */
export class Dashboard {
  browser!: Browser;
  client!: Client;
  /** The page of the test. What it logs as an error, or asks of others than the server, fails the test. */
  page!: Page;
  url!: string;
  readonly #workers: Worker[] = [];
  readonly #contexts: BrowserContext[] = [];
  readonly #complaints: string[] = [];
  #server!: RunningServer;
  #end: (() => Promise<void>) | undefined;

  async open(workflows: readonly Workflow<unknown, unknown>[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "kagzi-dashboard-"));
    const store = await openStore(`sqlite:${join(folder, "test.db")}`, {});
    this.#server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 15_000, pollMs: 200 } });
    await this.#server.ready;
    this.url = this.#server.url;
    this.client = new Client({ url: this.url });
    if (workflows.length > 0) await this.work(workflows);
    this.browser = await launchChromium();
    this.#end = async () => {
      await this.browser.close();
      await Promise.all(this.#workers.map((worker) => worker.stop()));
      await this.client.close();
      await this.#server.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    };
  }

  async close(): Promise<void> {
    await this.#end?.();
  }

  async work(
    workflows: readonly Workflow<unknown, unknown>[],
    options: Pick<WorkerOptions, "limits"> = {},
  ): Promise<Worker> {
    const worker = new Worker({ url: this.url, workflows, logger: quiet, ...options });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  async newPage(options: BrowserContextOptions = {}, origin: string = this.url): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    page.on("console", (message) => {
      // Calls that are refused are shown to the person; the browser writes them down, too.
      const isRefusal = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isRefusal) this.#complaints.push(message.text());
    });
    page.on("request", (request) => {
      const isOurs = /^(?:data:|blob:)/u.test(request.url()) || request.url().startsWith(origin);
      if (!isOurs) this.#complaints.push(`asked for ${request.url()}`);
    });
    return page;
  }

  /** Closes the pages of a test. Answers with what they complained of. */
  async closePages(): Promise<readonly string[]> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    return this.#complaints.splice(0);
  }

  /** Opens a path of the dashboard. */
  async goto(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }
}

/** A dashboard for a suite, and a page of its own for each test. */
export function useDashboard(workflows: readonly Workflow<unknown, unknown>[] = []): Dashboard {
  const dashboard = new Dashboard();
  beforeAll(() => dashboard.open(workflows));
  afterAll(() => dashboard.close());
  beforeEach(async () => {
    dashboard.page = await dashboard.newPage();
  });
  afterEach(async () => {
    expect(await dashboard.closePages()).toEqual([]);
  });
  return dashboard;
}
