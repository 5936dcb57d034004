/** The key that marks a value which JSON cannot hold: `{"$type":"Date","value":…}`. */
export const TAG = "$type";

/** What is marked. `Object` is a plain object that has a key of that name itself. */
export type TagName = "Undefined" | "Number" | "BigInt" | "Date" | "Map" | "Set" | "Bytes" | "Error" | "Object";

/** A marked value. */
export interface Tagged {
  readonly [TAG]: TagName;
  readonly value?: unknown;
}

/** Values one inside the other at most. */
export const MAX_DEPTH = 500;
