import { createPostgres } from "@kagzi/test-support";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A database of a real PostgreSQL, empty at first. */
    postgresUrl: string;
  }
}

/** One PostgreSQL for all tests that do not break theirs: `KAGZI_TEST_PG_URL`, else one that is made here. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["KAGZI_TEST_PG_URL"];
  if (given !== undefined) {
    project.provide("postgresUrl", given);
    return async () => {};
  }
  const cluster = await createPostgres();
  await cluster.start();
  project.provide("postgresUrl", await cluster.createDatabase());
  return () => cluster.remove();
}
