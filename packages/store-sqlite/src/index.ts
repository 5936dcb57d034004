export type { SqliteOptions } from "./database.ts";
export { type Migration, migrations } from "./migrate.ts";
export { SqliteStore } from "./store.ts";
