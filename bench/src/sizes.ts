/** How much is measured. */
export interface Sizes {
  readonly repeats: number;
  /** How long a measurement under load takes, about. */
  readonly seconds: number;
  /** Sleeping runs, and as many finished ones, of full tables. */
  readonly fill: number;
}

/** As the environment has them. */
export function sizes(): Sizes {
  return {
    repeats: number("BENCH_REPEATS", 3),
    seconds: number("BENCH_SECONDS", 3),
    fill: number("BENCH_FILL", 1_000_000),
  };
}

function number(name: string, byDefault: number): number {
  const text = process.env[name];
  const value = text === undefined ? byDefault : Number(text);
  if (value > 0) return value;
  throw new Error(`${name} must be a number above 0, not ${JSON.stringify(text)}`);
}
