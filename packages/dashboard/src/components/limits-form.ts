import type { Limits } from "@kagzi/proto";

/** Limits as they are typed: empty texts where there is none. */
export interface LimitsDraft {
  /** For all runs together. */
  readonly concurrency: string;
  /** For each value of a field. */
  readonly keyConcurrency: string;
  readonly key: string;
  readonly throttle: string;
  readonly throttleSeconds: string;
  readonly throttleKey: string;
}

export function draftOf(limits: Limits | undefined): LimitsDraft {
  const all = limits?.concurrency.find(({ key }) => key === undefined);
  const keyed = limits?.concurrency.find(({ key }) => key !== undefined);
  const { throttle } = limits ?? {};
  return {
    concurrency: all === undefined ? "" : String(all.limit),
    keyConcurrency: keyed === undefined ? "" : String(keyed.limit),
    key: keyed?.key ?? "",
    throttle: throttle === undefined ? "" : String(throttle.limit),
    throttleSeconds: throttle === undefined ? "" : String(Number(throttle.perMs) / 1000),
    throttleKey: throttle?.key ?? "",
  };
}

/** What a request says of a draft. The server judges its numbers. */
export function limitsOf(draft: LimitsDraft) {
  const { concurrency, key, keyConcurrency, throttle, throttleKey, throttleSeconds } = draft;
  const perMs = BigInt(Math.round(Number(throttleSeconds === "" ? "1" : throttleSeconds) * 1000));
  return {
    concurrency: [
      ...(concurrency === "" ? [] : [{ limit: Number(concurrency) }]),
      ...(keyConcurrency === "" ? [] : [{ limit: Number(keyConcurrency), key }]),
    ],
    ...(throttle !== "" && {
      throttle: { limit: Number(throttle), perMs, ...(throttleKey !== "" && { key: throttleKey }) },
    }),
  };
}

/** Why a draft cannot be sent; absent: it can. */
export function problemOfDraft({ key, keyConcurrency }: LimitsDraft): string | undefined {
  return keyConcurrency !== "" && key === "" ? "Say which field of the input the limit is for." : undefined;
}
