import { print } from "../engines.ts";

/** One measured number, with what is asked of it: at most `bar`, and better at most `goal`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number;
  readonly goal?: number;
}

/** Prints figures, one a line, and gives them back. */
export function tell(figures: readonly Figure[]): readonly Figure[] {
  for (const { bar, goal, name, unit, value } of figures) {
    const asked = bar === undefined ? "" : ` (bar ${bar}, goal ${goal ?? bar}: ${verdict(value, bar, goal ?? bar)})`;
    print(`${name}: ${rounded(value)} ${unit}${asked}`);
  }
  return figures;
}

function verdict(value: number, bar: number, goal: number): string {
  if (value > bar) return "missed";
  return value > goal ? "within the bar" : "reached";
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Of numbers in any order. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
