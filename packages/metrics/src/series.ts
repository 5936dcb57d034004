/** One line of a counter or a gauge: its value under one set of labels. */
export class Value {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }

  set(value: number): void {
    this.value = value;
  }
}

/** The buckets of a histogram under one set of labels. */
export class Buckets {
  readonly bounds: readonly number[];
  /** Measurements in each bucket alone; the last one is for those beyond every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
  }
}
