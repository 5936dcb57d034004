import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore } from "@kagzi/store-conformance";
import { SqliteStore } from "@kagzi/store-sqlite";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "kagzi-sqlite-"));
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
});
