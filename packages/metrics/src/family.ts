import type { Buckets, Value } from "./series.ts";

/** What takes the place of every label where a metric has too many different ones. */
const OTHER = "_other";

/** What a metric is called, and what it says. */
export interface FamilyInfo {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
}

/** A metric with a series for each set of labels, at most `limit` of them: what comes later is counted as one, `_other`. */
export class Family<Series extends Value | Buckets> {
  readonly info: FamilyInfo;
  readonly #make: () => Series;
  readonly #limit: number;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly series: Series }>();

  constructor(info: FamilyInfo, make: () => Series, limit: number) {
    this.info = info;
    this.#make = make;
    this.#limit = limit;
    if (info.labels.length === 0) this.of();
  }

  /** The series under these labels, in the order in which the metric names them. */
  of(...values: readonly string[]): Series {
    const key = values.length === 1 ? (values[0] as string) : values.join("\0");
    return this.#series.get(key)?.series ?? this.#add(key, values);
  }

  /** Forgets every series. For gauges that are read anew. */
  clear(): void {
    this.#series.clear();
  }

  all(): Iterable<{ readonly values: readonly string[]; readonly series: Series }> {
    return this.#series.values();
  }

  #add(key: string, values: readonly string[]): Series {
    if (this.#series.size >= this.#limit && values[0] !== OTHER) return this.of(...values.map(() => OTHER));
    const series = this.#make();
    this.#series.set(key, { values, series });
    return series;
  }
}
