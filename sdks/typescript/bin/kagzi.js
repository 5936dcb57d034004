#!/usr/bin/env node
// The command line is the package @kagzi/cli. Whoever has only this one is told so.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const path = find([join(process.cwd(), "package.json"), import.meta.url]);
if (path === undefined) {
  process.stderr.write("kagzi: the command line is a package of its own: npm i -D @kagzi/cli\n");
  process.exitCode = 2;
} else {
  await import(pathToFileURL(join(dirname(path), "bin", "kagzi.js")).href);
}

/** Where the command line is: of the project first, then beside this package. */
function find(places) {
  for (const place of places) {
    try {
      return createRequire(place).resolve("@kagzi/cli/package.json");
    } catch {
      // It is not there.
    }
  }
  return undefined;
}
