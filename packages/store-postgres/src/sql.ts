import type { Payload } from "@kagzi/core";
import type { Statement } from "./database.ts";

/** The time of a statement, `$1` of every statement that needs one: whole milliseconds, so that it reads back as it is. */
export const CLOCK =
  "clock AS (SELECT coalesce($1::timestamptz, date_trunc('milliseconds', statement_timestamp())) AS now)";

/** A statement under its name, over the tables of a schema. */
export function statement(name: string, text: string): Statement {
  return { name: `kagzi_${name}`, text };
}

/**
 * Many payloads as one parameter. An array of bytea would go over as text, twice as long and quoted; one buffer goes as
 * it is, and the statement cuts it by offsets and lengths.
 */
export class PayloadColumn {
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  readonly #parts: Uint8Array[];
  #last: { readonly data: Uint8Array | undefined; readonly offset: number } = { data: undefined, offset: 0 };

  /** Columns of one statement share `parts`, the contents of its one buffer. */
  constructor(parts: Uint8Array[]) {
    this.#parts = parts;
  }

  /** Adds the next row's payload; absent, its column will be NULL. */
  push(payload: Payload | undefined, offset: number): number {
    // What many rows have in common goes over once.
    const isLast = payload !== undefined && payload.data === this.#last.data;
    // Offsets count from 1, as substring does.
    this.offsets.push((isLast ? this.#last.offset : offset) + 1);
    this.lengths.push(payload?.data.byteLength ?? -1);
    if (payload === undefined || isLast) return offset;
    this.#last = { data: payload.data, offset };
    this.#parts.push(payload.data);
    return offset + payload.data.byteLength;
  }
}

/** Cuts a payload out of the statement's buffer. */
export function cut(buffer: string, offset: string, length: string): string {
  return `CASE WHEN ${length} >= 0 THEN substring(${buffer} FROM ${offset} FOR ${length}) END`;
}

/** A point in time given in milliseconds. */
export function instant(column: string): string {
  return `to_timestamp(${column} / 1000.0)`;
}

/** A span given in milliseconds. */
export function span(column: string): string {
  return `${column} * interval '1 millisecond'`;
}
