import { KagziError, type Store } from "@kagzi/core";

/** What may be said of a store beside its address. */
export interface StoreOptions {
  /** Of PostgreSQL; default `kagzi`. */
  readonly schema?: string;
  /** Connections to PostgreSQL at most; default 10. */
  readonly poolSize?: number;
  /** Instead of the store's clock: for tests. */
  readonly clock?: () => number;
}

/**
 * Opens the store that an address names: `sqlite:./kagzi.db`, `sqlite::memory:` or `postgres://…`. Only the driver that
 * it needs is loaded.
 * @throws KagziError `INVALID_ARGUMENT` for another address, `PRECONDITION_FAILED` for a file that another process has
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const { schema, poolSize, clock } = options;
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  if (path !== undefined) {
    const { SqliteStore } = await import("@kagzi/store-sqlite");
    return new SqliteStore({ path, ...(clock !== undefined && { clock }) });
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { PostgresStore } = await import("@kagzi/store-postgres");
    return new PostgresStore({
      url,
      ...(schema !== undefined && { schema }),
      ...(poolSize !== undefined && { poolSize }),
      ...(clock !== undefined && { clock }),
    });
  }
  // The address may hold a password: what is shown of it ends where one could begin.
  const shown = JSON.stringify(url.replace(/:\/\/.*/s, "://…"));
  throw new KagziError(
    "INVALID_ARGUMENT",
    `${shown} is no address of a store: give one like sqlite:./kagzi.db, sqlite::memory: or postgres://user@host/database`,
  );
}
