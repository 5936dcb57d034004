import { percentile } from "./measure.ts";

/** A figure that a workload measures of each engine. */
export interface FigureOf {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "more" | "less";
}

/** One measurement: figures by their ids. What an engine cannot do is absent. */
export type Measurement = Readonly<Record<string, number>>;

/** A figure of Kagzi alone, with what it is to reach. Less is better, where it is not said otherwise. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number;
  readonly goal?: number;
  readonly better?: "more" | "less";
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? percentile(sorted, 0.5)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Three digits that count, and all before the point. */
export function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(value < 0.1 ? 2 : 3)));
}
