// The one interface a language back end implements. The kernel does the protocol; an interpreter runs code.
// Nothing here knows sockets, message ids or R Server. All text positions are UTF-16 indexes into `code`:
// the kernel converts from and to the protocol's code points.

/** A JSON object as it goes over the wire. */
export type JsonObject = Record<string, unknown>;

/** Mime type to representation; text as a string, images as base64, `application/json` and `+json` as JSON. */
export type MimeBundle = Record<string, unknown>;

/** `language_info` of `kernel_info_reply`. @see messaging.html#kernel-info */
export interface LanguageInfo {
  /** Exactly `R` or `python` for this product: papermill, nbconvert and jupytext key on it. */
  readonly name: string;
  readonly version: string;
  readonly mimetype: string;
  readonly file_extension: string;
  readonly pygments_lexer?: string;
  readonly codemirror_mode?: string | JsonObject;
  readonly nbconvert_exporter?: string;
}

/** What the kernel says of itself at once, before any session exists. */
export interface InterpreterInfo {
  readonly implementation: string;
  readonly implementationVersion: string;
  readonly languageInfo: LanguageInfo;
  readonly banner: string;
  readonly helpLinks: readonly { readonly text: string; readonly url: string }[];
}

/** A rich representation to show. */
export interface Display {
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
  /** With an id, later updates reach every place where it is shown. */
  readonly displayId?: string;
}

/** The user's code failed: a value, never a throw. */
export interface ExecuteError {
  readonly ename: string;
  readonly evalue: string;
  /** Lines, ANSI colours allowed. */
  readonly traceback: readonly string[];
}

/** Where the outputs of one cell go, in the order of the calls. Calls after the cell has ended are dropped. */
export interface ExecuteOutput {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(display: Display): void;
  updateDisplay(display: Display & { readonly displayId: string }): void;
  /** The value of the cell: at most once a cell. */
  result(display: Display): void;
  /** `wait`: clear only when the next output arrives. */
  clear(wait: boolean): void;
}

/** Asks the person at the front end for a line. */
export interface InputRequester {
  /**
   * @throws {InputUnavailableError} `JUPYTER_STDIN_UNAVAILABLE` when the front end allows no input.
   * @throws `AbortError` when the cell is interrupted while waiting.
   */
  requestInput(prompt: string, options?: { readonly password?: boolean }): Promise<string>;
  /** Whether the request allowed `stdin`. */
  readonly allowed: boolean;
}

/** One `execute_request`, without its protocol duties. */
export interface ExecuteRequest {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  /** The number this cell has (or, when not stored, the number of the last stored one). */
  readonly executionCount: number;
  /** Lab's `cellId` of the request metadata, when the front end sent one. */
  readonly cellId?: string;
}

/** The user expression's value or error, as the protocol has it. */
export type UserExpressionResult =
  | { readonly status: 'ok'; readonly data: MimeBundle; readonly metadata: JsonObject }
  | {
      readonly status: 'error';
      readonly ename: string;
      readonly evalue: string;
      readonly traceback: readonly string[];
    };

/** How a cell ended. The kernel publishes `error` on IOPub for a failed one. */
export type ExecuteResult =
  | {
      readonly status: 'ok';
      readonly userExpressions?: Readonly<Record<string, UserExpressionResult>>;
      /** `page`, `set_next_input`. */
      readonly payload?: readonly JsonObject[];
    }
  | ({ readonly status: 'error' } & ExecuteError);

/** Completions of the text between `start` and `end` (UTF-16 indexes). */
export interface Completions {
  readonly matches: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly metadata?: JsonObject;
}

export type Inspection =
  | { readonly found: false }
  | { readonly found: true; readonly data: MimeBundle; readonly metadata: JsonObject };

export type Completeness =
  | { readonly status: 'complete' | 'invalid' | 'unknown' }
  | { readonly status: 'incomplete'; readonly indent: string };

/** `history_request`, its three access types. */
export type HistoryRequest = { readonly output: boolean; readonly raw: boolean } & (
  | { readonly accessType: 'tail'; readonly count: number }
  | {
      readonly accessType: 'range';
      readonly session: number;
      readonly start: number;
      readonly stop: number;
    }
  | {
      readonly accessType: 'search';
      readonly pattern: string;
      readonly count: number | undefined;
      readonly unique: boolean;
    }
);

/** `[session, line, input]`, or with outputs `[session, line, [input, output]]`. */
export type HistoryEntry = readonly [number, number, string | readonly [string, string | null]];

/**
 * A language back end.
 *
 * The kernel calls `execute` for one cell at a time; the others may be called while a cell runs and must not
 * wait for it. A method that throws becomes an error reply; the kernel lives on.
 */
export interface Interpreter {
  readonly info: InterpreterInfo;
  /** Called once, after the sockets are bound; must not block `kernel_info`. Failures surface in the first cell. */
  start(): void;
  /**
   * @param signal - Aborted when the cell is interrupted. The promise must then settle soon, with status `error`
   *   (`KeyboardInterrupt`-like), after the remote side has stopped or been given up on.
   */
  execute(
    request: ExecuteRequest,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<ExecuteResult>;
  complete(code: string, cursor: number): Promise<Completions>;
  inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection>;
  isComplete(code: string): Promise<Completeness>;
  history(request: HistoryRequest): Promise<readonly HistoryEntry[]>;
  /** Ends the back end; must return within the clients' 2.5 s. `restart`: the same kernel comes back. */
  shutdown(restart: boolean): Promise<void>;
}
