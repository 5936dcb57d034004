export type { PostgresOptions } from "./database.ts";
export { type Migration, migrations } from "./migrate.ts";
export { PostgresStore } from "./store.ts";
