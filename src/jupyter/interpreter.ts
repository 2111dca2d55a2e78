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
  /** Whether `debug` is there for front ends to use: the variable panel of JupyterLab needs it. Default false. */
  readonly debugger?: boolean;
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

/** What all comm messages have. */
export interface CommContent {
  readonly commId: string;
  readonly data: JsonObject;
  /** Of the message, not a part of `data`. Widgets keep their protocol's version here. Default `{}`. */
  readonly metadata?: JsonObject;
  /** Binary parts, in order; default none. */
  readonly buffers?: readonly Uint8Array[];
}

/** The beginning of a comm: the other side needs a target of this name, or closes it again. */
export interface CommOpen extends CommContent {
  readonly type: 'open';
  readonly targetName: string;
  /** Of a front end that loads the target from a module. */
  readonly targetModule?: string;
}

/**
 * A message of a comm, in either direction.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 */
export type CommMessage = CommOpen | (CommContent & { readonly type: 'message' | 'close' });

/**
 * Where the outputs of one cell go, in the order of the calls. Calls after the cell has ended are dropped, except
 * comm messages: a state that is lost on its way would be wrong for ever.
 */
export interface ExecuteOutput {
  /** `msg_id` of the request to which the outputs belong: widgets tell front ends by it which outputs to take. */
  readonly requestId: string;
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(display: Display): void;
  updateDisplay(display: Display & { readonly displayId: string }): void;
  /** The value of the cell: at most once a cell. */
  result(display: Display): void;
  /** `wait`: clear only when the next output arrives. */
  clear(wait: boolean): void;
  /** To every front end, also out of a silent cell. */
  comm(message: CommMessage): void;
  /** Pending while front ends are far behind with reading: a program that prints much should wait for it. Never rejects. */
  taken(): Promise<void> | undefined;
}

/** Outputs outside any cell: of threads that go on after theirs. Front ends show them at the last cell that ran. */
export type BackgroundOutput = Omit<ExecuteOutput, 'result' | 'requestId' | 'taken'>;

/** One end of a comm whose target is registered in this process. */
export interface Comm {
  readonly id: string;
  readonly targetName: string;
  /** Called for each message; replies made before it returns belong to the same request. */
  onMessage: (content: CommContent) => void;
  /** Called when the front end closes it. */
  onClose: (content: CommContent) => void;
  send(data: JsonObject, more?: Pick<CommContent, 'metadata' | 'buffers'>): void;
  /** May be called twice. */
  close(data?: JsonObject): void;
}

/** The comms of a kernel: it keeps count of all that are open, and serves those with a target of its own. */
export interface CommHost {
  /**
   * Comms of this target are served here and never reach the interpreter; their messages do not wait for cells.
   *
   * @param onOpen - Throws to refuse: the comm is closed again.
   */
  registerTarget(name: string, onOpen: (comm: Comm, opened: CommContent) => void): void;
  /** Names a comm that is open in the session although this kernel has not seen it opened: after a reconnect. */
  adopt(commId: string, targetName: string): void;
  /** The session is gone, and all its comms with it: front ends are told. */
  closeAll(): void;
}

/** What the kernel offers its interpreter for the whole of its life. */
export interface InterpreterHost {
  readonly background: BackgroundOutput;
  readonly comms: CommHost;
  /** Publishes `debug_event`: an event of the Debug Adapter Protocol, without `seq` and `type`. */
  debugEvent(event: { readonly event: string; readonly body?: JsonObject }): void;
}

/** One request of the Debug Adapter Protocol, as far as a back end needs it. */
export interface DebugRequest {
  /** E.g. `debugInfo`, `inspectVariables`, `richInspectVariables`, `variables`. */
  readonly command: string;
  readonly arguments: JsonObject;
}

/** The answer; a command that is not supported is `{ success: false, message }`, not a throw. */
export type DebugResult =
  | { readonly success: true; readonly body: JsonObject }
  | { readonly success: false; readonly message: string };

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
  /** The subshell it runs in (JEP 91); absent for the main shell. Each has its own `executionCount`. */
  readonly subshellId?: string;
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
export type HistoryRequest = {
  readonly output: boolean;
  readonly raw: boolean;
  /** Whose lines session 0 has; absent for the main shell. */
  readonly subshellId?: string;
} & (
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
 * The kernel calls `execute` and `handleComm` for one cell or message at a time, except for code that
 * `canRunBeside` allows; the others may be called while a cell runs and must not wait for it. A method that throws
 * becomes an error reply; the kernel lives on.
 */
export interface Interpreter {
  readonly info: InterpreterInfo;
  /** Called once, after the sockets are bound; must not block `kernel_info`. Failures surface in the first cell. */
  start(host: InterpreterHost): void;
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
  /** Whether code may run in a subshell while another cell runs. Default: none may, it waits for its turn. */
  canRunBeside?(code: string): boolean;
  /**
   * Takes a comm message of a front end, in its turn among the cells. What it prints or shows meanwhile goes to
   * `output`, which belongs to the message as the output of a cell belongs to the cell. No input can be asked for.
   *
   * @param input - Of a comm message: never `allowed`.
   * @returns False when nothing here knows the target or the comm; one that was to be opened is then closed.
   */
  handleComm?(
    message: CommMessage,
    output: ExecuteOutput,
    input: InputRequester,
    signal: AbortSignal,
  ): Promise<boolean>;
  complete(code: string, cursor: number): Promise<Completions>;
  inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection>;
  isComplete(code: string): Promise<Completeness>;
  history(request: HistoryRequest): Promise<readonly HistoryEntry[]>;
  /** Answers a `debug_request`, also while a cell runs. Wanted where `info.debugger` is true. */
  debug?(request: DebugRequest): Promise<DebugResult>;
  /** Ends the back end; must return within the clients' 2.5 s. `restart`: the same kernel comes back. */
  shutdown(restart: boolean): Promise<void>;
}
