// The logger every layer is handed. The program behind it (pino) is chosen in `cli/`.

/** Facts of a log line: flat, and never secrets. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** Structured logging as the layers see it; one line a call. */
export interface Logger {
  debug(facts: LogFacts, message: string): void;
  info(facts: LogFacts, message: string): void;
  warn(facts: LogFacts, message: string): void;
  error(facts: LogFacts, message: string): void;
}

const ignore = (): void => undefined;

/** Drops every line; the default where no logger is given. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
