import { Family, type FamilyInfo } from "./family.ts";
import { Buckets, Value } from "./series.ts";
import { type MetricsFormat, render } from "./text.ts";

/** Series of one metric at most: every one costs memory here, and more of it where it is kept. */
const SERIES_LIMIT = 1000;

/** How a metric is declared. Names end in their unit: `_seconds`, `_bytes`, and `_total` for counters. */
export interface Definition {
  readonly name: string;
  readonly help: string;
  /** Default: none. */
  readonly labels?: readonly string[];
}

/** What a metric is called, what it says and what its labels are. */
export type MetricInfo = FamilyInfo;

/** The metrics of a process, or of a part of it. Counting costs a look into a map and an addition. */
export class Metrics {
  readonly #families: Family<Value | Buckets>[] = [];
  readonly #collectors: (() => void | Promise<void>)[] = [];
  readonly #seriesLimit: number;

  /** `seriesLimit`: of each metric. */
  constructor({ seriesLimit = SERIES_LIMIT }: { readonly seriesLimit?: number } = {}) {
    this.#seriesLimit = seriesLimit;
  }

  counter(definition: Definition): Family<Value> {
    return this.#add("counter", definition, () => new Value());
  }

  gauge(definition: Definition): Family<Value> {
    return this.#add("gauge", definition, () => new Value());
  }

  /** `bounds`: the upper ends of its buckets, rising, without the last one, which has none. */
  histogram(definition: Definition & { readonly bounds: readonly number[] }): Family<Buckets> {
    return this.#add("histogram", definition, () => new Buckets(definition.bounds));
  }

  /** Is called each time before the metrics are read, to set gauges. */
  collect(collector: () => void | Promise<void>): void {
    this.#collectors.push(collector);
  }

  /** Every metric there is. */
  list(): readonly MetricInfo[] {
    return this.#families.map(({ info }) => info);
  }

  /** The metrics as Prometheus reads them. A collector that fails leaves its gauges as they were. */
  async text(format: MetricsFormat = "prometheus"): Promise<string> {
    await Promise.allSettled(this.#collectors.map(async (collector) => collector()));
    return render(this.#families, format);
  }

  #add<Series extends Value | Buckets>(
    type: FamilyInfo["type"],
    { help, labels = [], name }: Definition,
    make: () => Series,
  ): Family<Series> {
    const family = new Family({ name, help, type, labels }, make, this.#seriesLimit);
    this.#families.push(family);
    return family;
  }
}
