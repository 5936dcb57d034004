export { type PostgresCluster, createPostgres } from "./postgres.ts";
export { freePort } from "./ports.ts";
