import { defineConfig } from "vitest/config";
import base from "../../vitest.config.ts";
import { chosenMutant, isOf, mutate } from "./mutate.mjs";

const mutant = chosenMutant();

/** Puts the bug into the module as it is loaded; no file is changed. */
const plugin = {
  name: "mutant",
  enforce: "pre" as const,
  transform(code: string, id: string) {
    return mutant !== undefined && isOf(mutant, id) ? { code: mutate(mutant, code), map: null } : undefined;
  },
};

export default defineConfig({
  test: {
    projects: (base.test?.projects ?? []).map((project) =>
      typeof project === "object" && "test" in project ? { ...project, plugins: [plugin] } : project,
    ),
  },
});
