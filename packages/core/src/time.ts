/** A point in time by the store's clock: milliseconds since 1970, whole. */
export type Instant = number;

/** A time that is still to be fixed by the store's clock, or one that is fixed already. */
export type Due = { readonly afterMs: number } | { readonly at: Instant };

/** No timer reaches further than 100 years: further is a mistake, and would overflow a date somewhere. */
export const LONGEST_WAIT_MS = 100 * 365 * 24 * 60 * 60 * 1000;
