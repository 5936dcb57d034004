/** Where the SDK says what it does. Anything with these four will do: console, pino, winston. */
export interface Logger {
  debug(message: string, attributes?: object): void;
  info(message: string, attributes?: object): void;
  warn(message: string, attributes?: object): void;
  error(message: string, attributes?: object): void;
}

/** Writes to standard error what is worth a look. */
export const consoleLogger: Logger = {
  debug: () => {},
  info: (message, attributes) => write("info", message, attributes),
  warn: (message, attributes) => write("warn", message, attributes),
  error: (message, attributes) => write("error", message, attributes),
};

function write(level: string, message: string, attributes: object | undefined): void {
  const details = attributes === undefined ? "" : ` ${JSON.stringify(attributes)}`;
  process.stderr.write(`kagzi ${level}: ${message}${details}\n`);
}
