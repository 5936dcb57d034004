/** Where text goes: a terminal, a file, a pipe. */
export interface Sink {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  /** Of a terminal: how many characters a line has. */
  readonly columns?: number;
}

/** Where text comes from. */
export interface Source extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
}

/** What a command takes from the world around it; `main` has the real one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working folder, and that of the user. */
  readonly cwd: string;
  readonly home: string;
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted by Ctrl-C. Whoever asks for it takes it upon himself to end then. */
  readonly interruption: () => AbortSignal;
  /** Sets the exit code; a later call counts. */
  readonly exit: (code: number) => void;
}
