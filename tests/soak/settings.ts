// How long and how hard. What `npm run soak` sets; the defaults are those of `npm test`.

const minutes = Number(process.env["KAGZI_SOAK_MINUTES"] ?? 0);
const rate = Number(process.env["KAGZI_SOAK_RATE"] ?? (minutes > 0 ? 50 : 0));

export const SOAK = {
  store: process.env["KAGZI_SOAK_STORE"] === "postgres" ? "postgres" : "sqlite",
  /** Runs in all. */
  runs: minutes > 0 ? minutes * 60 * rate : Number(process.env["KAGZI_SOAK_RUNS"] ?? 20_000),
  /** Runs a second; 0: as fast as it goes. */
  rate,
  minutes,
  /** Where figures are written; undefined: nowhere. */
  page: process.env["KAGZI_SOAK_PAGE"],
} as const;

/** The command that does the same. */
export function soakCommand(): string {
  const { minutes: given, rate: perSecond, runs, store } = SOAK;
  const how = given > 0 ? `--minutes ${given} --rate ${perSecond}` : `--runs ${runs}`;
  return `npm run soak -- ${how} --store ${store}`;
}
