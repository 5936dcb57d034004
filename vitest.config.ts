import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    coverage: {
      // The rules are in core: every line and every branch of them is tested.
      include: ["packages/core/src/**"],
      exclude: ["**/*.test.ts", "packages/core/src/{index,store,namespace}.ts"],
      thresholds: { statements: 100, branches: 100, functions: 100, lines: 100 },
      reporter: ["text-summary"],
    },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "sdks/typescript/src/**/*.test.ts",
            "bench/src/**/*.test.ts",
            "tests/{replay,mutants}/**/*.test.ts",
          ],
          // A guard against what hangs, on a machine that is busy with other things, too.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["tests/{conformance,model,race}/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/{e2e,polyglot}/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "crash",
          include: ["tests/crash/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
