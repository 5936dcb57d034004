/** What a process holds after a collection. All in bytes but for counts. */
export interface Probed {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  /** File descriptors, sockets among them. */
  readonly files: number;
  /** What keeps its event loop going: timers, sockets, requests, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

/** What the client of a soak is told to do: that many more runs, so many at once, and begun at a rate if one is given. */
export interface Load {
  readonly load: number;
  readonly runs: number;
  readonly atOnce: number;
  /** Runs a second; 0: as fast as it goes. */
  readonly rate: number;
}

/** What came of it, when everything has ended and is removed. */
export interface Loaded {
  readonly load: number;
  readonly completed: number;
  readonly failed: number;
  /** Runs that came to something else than they should have. */
  readonly wrong: readonly string[];
  /** From before the start until the result was there, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly seconds: number;
  /** The 99th percentile by kind of run. */
  readonly p99ByKind: Readonly<Record<string, number>>;
}
