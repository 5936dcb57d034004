import { parseArgs } from "node:util";
import type { StoreKind } from "./system.ts";

/** What the command line says. */
export interface Options {
  readonly store: StoreKind;
  readonly minutes: number;
  readonly seed: string;
  readonly faultsPerSecond: number;
  /** Faults whose kind or target this is found in; empty for all. */
  readonly only: string;
  readonly customers: number;
  readonly leaseMs: number;
  /** Writes what came of it into docs/operate/reliability.md. */
  readonly write: boolean;
}

/** Node is one process there, and everything waits for its start: fewer faults, so that something is done in between. */
const FAULTS_PER_SECOND: Readonly<Record<StoreKind, number>> = { postgres: 2, sqlite: 1.2, embedded: 0.4 };

/** @throws Error for what makes no sense */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: "string", default: "postgres" },
      minutes: { type: "string", default: "3" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      faults: { type: "string" },
      only: { type: "string", default: "" },
      customers: { type: "string", default: "40" },
      lease: { type: "string", default: "3000" },
      write: { type: "boolean", default: false },
    },
  });
  const store = storeKind(values.store);
  return {
    store,
    minutes: positive("minutes", values.minutes),
    seed: values.seed,
    faultsPerSecond: positive("faults", values.faults ?? String(FAULTS_PER_SECOND[store])),
    only: values.only,
    customers: positive("customers", values.customers),
    leaseMs: positive("lease", values.lease),
    write: values.write,
  };
}

function storeKind(text: string): StoreKind {
  if (text === "postgres" || text === "sqlite" || text === "embedded") return text;
  throw new Error(`--store is postgres, sqlite or embedded, not ${JSON.stringify(text)}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1_000_000) return value;
  throw new Error(`--${name} is a number above 0, not ${JSON.stringify(text)}`);
}
