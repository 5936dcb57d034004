/** One point of a measurement: when, in hours, and how much. */
export type Point = readonly [hours: number, value: number];

/** How much a value grows in an hour: the slope of the line that fits the points best. 0 for less than two of them. */
export function slopePerHour(points: readonly Point[]): number {
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [hours, value] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [at]) => sum + (at - hours) ** 2, 0);
  if (spread === 0) return 0;
  return points.reduce((sum, [at, each]) => sum + (at - hours) * (each - value), 0) / spread;
}
