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
  readonly offsets: (number | null)[] = [];
  readonly lengths: (number | null)[] = [];
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
    this.offsets.push(payload === undefined ? null : (isLast ? this.#last.offset : offset) + 1);
    this.lengths.push(payload?.data.byteLength ?? null);
    if (payload === undefined || isLast) return offset;
    this.#last = { data: payload.data, offset };
    this.#parts.push(payload.data);
    return offset + payload.data.byteLength;
  }
}

/** Cuts a payload out of the statement's buffer; NULL where there is none. */
export function cut(buffer: string, offset: string, length: string): string {
  return `substring(${buffer} FROM ${offset} FOR ${length})`;
}

/**
 * A column of `unnest`, or NULL for one that is empty in every row: unnest fills up what is shorter than the other
 * columns, and neither side has to write and read as many NULLs. The first column of a statement must not be such a one.
 */
export function sparse<Element>(elements: readonly (Element | null)[]): readonly (Element | null)[] | null {
  return elements.every((element) => element === null) ? null : elements;
}

/** A point in time given in milliseconds. */
export function instant(column: string): string {
  return `to_timestamp(${column} / 1000.0)`;
}

/** A span given in milliseconds. */
export function span(column: string): string {
  return `${column} * interval '1 millisecond'`;
}
