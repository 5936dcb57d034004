import { type RunningServer, startServer } from "@kagzi/server";
import { openStore } from "@kagzi/embedded";
import type { Store } from "@kagzi/core";
import { Client, Worker, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quiet, signal } from "./fixture.ts";
import { SilentProxy } from "./silent-proxy.ts";

describe("connections that fall silent without an end", { timeout: 120_000 }, () => {
  let store: Store;
  let server: RunningServer;
  let proxy: SilentProxy;
  let url: string;

  beforeEach(async () => {
    store = await openStore("sqlite::memory:");
    server = await startServer({ store, host: "127.0.0.1", port: 0, config: { pollMs: 200 } });
    await server.ready;
    proxy = new SilentProxy(Number(new URL(server.url).port));
    url = `http://127.0.0.1:${await proxy.listen()}`;
  });

  afterEach(async () => {
    proxy.close();
    await server.stop();
    expect(await store.violations()).toEqual([]);
    await store.close();
  });

  it("are found out: a worker takes runs again, says what it did, and a client that waits is answered", async () => {
    const [begun, mayEnd] = [signal(), signal()];
    const slow = workflow("slow", async (ctx, n: number) => {
      await ctx.step("wait", async () => {
        begun.resolve();
        await mayEnd.promise;
      });
      return n;
    });
    const worker = new Worker({ url, workflows: [slow], logger: quiet });
    await worker.start();
    const client = new Client({ url });
    const first = await client.start(slow, 1);
    const result = first.result({ timeout: "90s" });
    await begun.promise;
    proxy.fallSilent();
    mayEnd.resolve();
    const second = await new Client({ url: server.url }).start(slow, 2);
    expect([await result, await second.result({ timeout: "90s" })]).toEqual([1, 2]);
    await worker.stop();
    await client.close();
  });
});
