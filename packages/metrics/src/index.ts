export type { Family } from "./family.ts";
export type { Buckets, Value } from "./series.ts";
export { type MetricInfo, type Definition, Metrics } from "./metrics.ts";
export { type MetricsFormat, contentTypeOf, formatOf } from "./text.ts";
export { collectProcess } from "./process.ts";
