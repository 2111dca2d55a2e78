// The one base of every error this project raises on purpose. Knows no domain words.

/** Facts about an error that a log line or a message may show; never secrets. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** What every {@link AppError} can be given besides its code and message. */
export interface AppErrorOptions {
  /** The error this one explains. */
  readonly cause?: unknown;
  /** The thing it happened to: a name, a URL without credentials, a status. */
  readonly facts?: ErrorFacts;
  /** What the person can try next, as one sentence. */
  readonly hint?: string;
}

/**
 * An error with a stable code, listed with cause and remedy in `docs/errors.md`.
 * Subclasses are named after the layer that raises them (`WireError`, `ClientError`, ...).
 */
export class AppError extends Error {
  readonly code: string;
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.facts = options.facts ?? {};
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error is the platform's `AbortError`: a cancellation, never a failure. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
