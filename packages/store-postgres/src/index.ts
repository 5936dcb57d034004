export type { PostgresOptions } from "./database.ts";
export { type Migration, migrationsFor } from "./migrate.ts";
export { PostgresStore } from "./store.ts";
