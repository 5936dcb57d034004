import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NamespaceId } from "@kagzi/core";
import { describeStore } from "@kagzi/store-conformance";
import { SqliteStore } from "@kagzi/store-sqlite";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "kagzi-sqlite-"));
const DEFAULT = "default" as NamespaceId;
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStore({
  name: "SQLite in a file",
  async open(clock) {
    const store = new SqliteStore({ path: join(folder, `${++files}.db`), clock });
    await store.migrate();
    return store;
  },
});

describeStore({
  name: "SQLite in memory",
  async open(clock) {
    const store = new SqliteStore({ path: ":memory:", clock });
    await store.migrate();
    return store;
  },
});

describe("SQLite", () => {
  it("waits for the disk with each commit", async () => {
    const store = new SqliteStore({ path: join(folder, `${++files}.db`) });
    expect(await store.risks()).toEqual([]);
    await store.close();
  });

  it("is as on its first day once it is cleared, and its clock may begin before", async () => {
    let now = 2000;
    const store = new SqliteStore({ path: ":memory:", clock: () => now });
    await store.migrate();
    const others = { limit: 10 };
    const [byDefault] = await store.namespaces.list(others);
    await store.namespaces.create("other" as NamespaceId, "");
    await store.slots.declare(DEFAULT, [{ name: "printer", declared: { concurrency: [{ limit: 1 }] } }]);
    expect(await store.namespaces.list(others)).toHaveLength(2);
    expect(await store.slots.get(DEFAULT, "printer")).toBeDefined();
    now = 1000;
    await store.clear();
    expect(await store.now()).toBe(1000);
    expect(await store.namespaces.list(others)).toEqual([byDefault]);
    expect(await store.slots.get(DEFAULT, "printer")).toBeUndefined();
    await store.close();
  });
});
