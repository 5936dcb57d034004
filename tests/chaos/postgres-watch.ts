import { existsSync, readFileSync } from "node:fs";
import { Client } from "pg";
import { pause } from "./chance.ts";

const EVERY_MS = 250;

/** Looks again and again for a session that holds a transaction open and does nothing. */
export class PostgresWatch {
  readonly #url: string;
  #longestMs = 0;
  #stops = false;
  readonly #running: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#running = this.#keepLooking();
  }

  /** How long the longest did so, as far as was seen, in milliseconds. */
  async stop(): Promise<number> {
    this.#stops = true;
    await this.#running;
    return this.#longestMs;
  }

  async #keepLooking(): Promise<void> {
    while (!this.#stops) {
      const client = new Client({ connectionString: this.#url });
      client.on("error", () => {});
      try {
        await client.connect();
        while (!this.#stops) {
          const { rows } = await client.query<{ ms: number }>(IDLE);
          this.#longestMs = Math.max(this.#longestMs, Math.round(rows[0]?.ms ?? 0));
          await pause(EVERY_MS);
        }
      } catch {
        // It is down or has just been; the next connection sees on.
        await pause(EVERY_MS);
      } finally {
        await client.end().catch(() => {});
      }
    }
  }
}

const IDLE = `
  SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change) * 1000), 0)::float8 AS ms
  FROM pg_stat_activity WHERE application_name = 'kagzi' AND state LIKE 'idle in transaction%'`;

/** What PostgreSQL wrote into its log of deadlocks. */
export function deadlocksIn(logFile: string): number {
  if (!existsSync(logFile)) return 0;
  return readFileSync(logFile, "utf8")
    .split("\n")
    .filter((line) => line.includes("deadlock detected")).length;
}
