import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HEAD, KINDS, fixturePath } from "./databases.ts";
import { FINGERPRINTS, fingerprints } from "./fingerprints.ts";

const HOW = "run `npm run fixtures` on the commit that made it, before the next migration is added";

describe("what releases leave behind", () => {
  it("every version of the schema has its fixture", () => {
    const paths = KINDS.flatMap((kind) => Array.from({ length: HEAD }, (_, index) => fixturePath(kind, index + 1)));
    expect(paths.filter((path) => !existsSync(path)).map((path) => `${path.pathname}: ${HOW}`)).toEqual([]);
  });

  it("no migration was changed since its fixture was made", () => {
    expect(fingerprints()).toEqual(JSON.parse(readFileSync(FINGERPRINTS, "utf8")));
  });
});
