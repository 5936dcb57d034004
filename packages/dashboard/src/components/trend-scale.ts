/** Round numbers from 0 to at least the highest value: 0, 5, 10. */
export function niceTicks(highest: number): readonly number[] {
  if (highest <= 0) return [0, 1];
  const rough = highest / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? 10 * power;
  const size = Math.max(step, highest < 3 ? 1 : step);
  return Array.from({ length: Math.ceil(highest / size) + 1 }, (_, index) => index * size);
}

/** Every how many of `count` buckets the axis says a time, so that about `most` are said. */
export function labelEvery(count: number, most: number): number {
  return Math.max(1, Math.ceil(count / most));
}
