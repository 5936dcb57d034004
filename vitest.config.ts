import { defineConfig } from "vitest/config";

// Programs that write what the tests of upgrades keep; see tests/upgrade.
const writes = process.env["KAGZI_WRITE_FIXTURES"] === undefined ? [] : ["fixtures"];

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
            "tests/pages/**/*.test.ts",
            "tests/chaos/**/*.test.ts",
          ],
          // A guard against what hangs, on a machine that is busy with other things, too.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["tests/{conformance,model,race}/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/{e2e,polyglot}/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "upgrade",
          include: ["tests/upgrade/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...writes.map((name) => ({
        test: {
          name,
          include: ["tests/upgrade/write-*.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      })),
      {
        test: {
          name: "fuzz",
          include: ["tests/fuzz/**/*.test.ts"],
          globalSetup: ["tests/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "soak",
          include: ["tests/soak/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "sim",
          include: ["tests/sim/src/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "dashboard",
          include: ["tests/dashboard/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
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
