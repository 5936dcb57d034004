/** Where the server says what it does. Fields carry ids, never payloads. */
export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** An error as a field: its message and stack, and those of what caused it. */
export function errorField(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, cause } = error;
  return { message, stack, ...(cause !== undefined && { cause: errorField(cause) }) };
}
