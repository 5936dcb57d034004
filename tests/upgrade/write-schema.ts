import { existsSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HEAD, KINDS, fixturePath } from "./databases.ts";
import { FINGERPRINTS, fingerprints } from "./fingerprints.ts";
import { fixtureOf } from "./fixture-of.ts";

// `npm run fixtures`: what is there stays as it is, as the releases that wrote it are what they are.
for (const kind of KINDS) {
  for (let version = 1; version <= HEAD; version++) {
    const path = fixturePath(kind, version);
    it.skipIf(existsSync(path))(`writes version ${version} for ${kind}`, async () => {
      writeFileSync(path, await fixtureOf(kind, version));
      writeFileSync(FINGERPRINTS, `${JSON.stringify(fingerprints(), undefined, 2)}\n`);
      expect(existsSync(path)).toBe(true);
    });
  }
}
