import type { NamespaceId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture } from "./harness.ts";

export function describeNamespaces(fixture: () => Fixture): void {
  describe("namespaces", () => {
    const a = "a" as NamespaceId;

    it("begin with the default one", async () => {
      const f = fixture();
      expect(await f.store.namespaces.list({ limit: 10 })).toMatchObject([{ namespaceId: DEFAULT, enabled: true }]);
    });

    it("are created once", async () => {
      const f = fixture();
      const created = {
        namespaceId: a,
        description: "ä",
        enabled: true,
        createdAt: f.clock.now,
        updatedAt: f.clock.now,
      };
      expect(await f.store.namespaces.create(a, "ä")).toEqual(created);
      expect(await f.store.namespaces.create(a, "again")).toBeUndefined();
      expect(await f.store.namespaces.get(a)).toEqual(created);
      expect(await f.store.namespaces.get("b" as NamespaceId)).toBeUndefined();
    });

    it("change in what is given", async () => {
      const f = fixture();
      await f.store.namespaces.create(a, "first");
      f.clock.now += 5;
      expect(await f.store.namespaces.update(a, { enabled: false })).toMatchObject({
        description: "first",
        enabled: false,
        updatedAt: f.clock.now,
      });
      expect(await f.store.namespaces.update(a, { description: "" })).toMatchObject({
        description: "",
        enabled: false,
      });
      expect(await f.store.namespaces.update("b" as NamespaceId, { enabled: true })).toBeUndefined();
    });

    it("are listed by name, page by page", async () => {
      const f = fixture();
      for (const name of ["zz", "b.1", "a-2", "a_1"]) await f.store.namespaces.create(name as NamespaceId, "");
      const first = await f.store.namespaces.list({ limit: 3 });
      const after = first.at(-1)?.namespaceId;
      const second = await f.store.namespaces.list({ limit: 3, ...(after && { after }) });
      expect([...first, ...second].map((each) => each.namespaceId)).toEqual(["a-2", "a_1", "b.1", "default", "zz"]);
    });
  });
}
