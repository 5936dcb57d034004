import { appendFileSync } from "node:fs";

// How much is tried out, and from which seed. Each run takes another one and says which; with the same one it does the same.

const seed = Number(process.env["KAGZI_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** What `npm run fuzz` sets; the defaults are those of `npm test`. */
export const FUZZ = {
  seed,
  /** Messages in all, over the handlers and over the network. */
  messages: Number(process.env["KAGZI_FUZZ_MESSAGES"] ?? 500_000),
  /** Values that are encoded and decoded, and as many bytes that are decoded. */
  values: Number(process.env["KAGZI_FUZZ_VALUES"] ?? 200_000),
} as const;

/** For the message of a test that fails. */
export function repeatWith(test: string): string {
  const { messages, seed: given, values } = FUZZ;
  return `npm run fuzz -- --seed ${given} --messages ${messages} --values ${values} -t ${JSON.stringify(test)}`;
}

/** Keeps figures of a part for whoever asked for them: `npm run fuzz -- --page …`. */
export function note(part: string, figures: Readonly<Record<string, number>>): void {
  const file = process.env["KAGZI_FUZZ_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ part, figures })}\n`);
}
