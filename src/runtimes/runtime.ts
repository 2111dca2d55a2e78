// The one interface of a language runtime behind a session: a local process now, a remote kernel later.
// Nothing here is special to a local process: paths are folders of the server that hold snapshot content.

/** R Server's own word and spelling. @see swagger 9.1 `CreateSessionRequest.runtimeType` */
export type RuntimeType = 'R' | 'Python';

/** A value by name, in the JSON encoding of `docs/data-types.md`. */
export interface NamedValue {
  readonly name: string;
  readonly value: unknown;
}

/** Types that an input may be declared with: R Server's own. */
export type InputType =
  'logical' | 'numeric' | 'integer' | 'character' | 'vector' | 'matrix' | 'data.frame';

/** An input. */
export interface InputValue extends NamedValue {
  /** What it becomes where JSON leaves a choice; absent, it becomes what `docs/data-types.md` says of its value. */
  readonly type?: InputType;
}

/** What comes out of a running execution, in the order in which the program made it. */
export type RuntimeEvent =
  | { readonly type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  /** Text that code in the session handed to the runtime's emit hook; opaque to the server. */
  | { readonly type: 'data'; readonly data: string }
  /** The program waits for a line of text; {@link Runtime.answerInput} brings it. */
  | {
      readonly type: 'input_request';
      readonly inputId: string;
      readonly prompt: string;
      /** What is typed must not be seen. */
      readonly isPassword: boolean;
    };

/** What becomes of a request for input. */
export type InputAnswer =
  | { readonly status: 'ok'; readonly text: string }
  /** The end of input, as Ctrl-D on a terminal. */
  | { readonly status: 'end' }
  /** Nobody can answer: the program gets an error of this text. */
  | { readonly status: 'unavailable'; readonly reason: string };

/** How a snapshot is written. */
export interface SnapshotWriting {
  /**
   * Keeps what comes out of a pipe, until its end, as a file of the snapshot; closes the descriptor. Default: writes
   * that file.
   */
  readonly keep?: (fd: number, file: string) => Promise<void>;
  /** Called when the state is taken: the runtime can be used again while the rest is written. */
  readonly onTaken?: () => void;
}

/** One run of code in a runtime. */
export interface RuntimeExecution {
  readonly code: string;
  /** Assigned into the workspace before the code runs. */
  readonly inputParameters: readonly InputValue[];
  /** Names whose values are read after the code has run. */
  readonly outputParameters: readonly string[];
}

/** How a run ended. A failing program is a value. */
export interface RuntimeExecutionResult {
  readonly success: boolean;
  /** Empty when it succeeded. */
  readonly errorMessage: string;
  readonly outputParameters: readonly NamedValue[];
  /** Names of working-directory files which the run made or changed, sorted. */
  readonly changedFiles: readonly string[];
}

/** Why a runtime is no longer there. */
export interface RuntimeExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last of what it wrote to stderr, at most 4 KiB. */
  readonly stderrTail: string;
  /** A sentence on the limit that ended it. */
  readonly limit?: string;
}

/** A running R or Python with a workspace and a working directory of its own. One execution at a time. */
export interface Runtime {
  readonly runtimeType: RuntimeType;
  /** E.g. `4.2.2` or `3.11.7`. */
  readonly languageVersion: string;
  /** Settles when the runtime is gone, however that came; never rejects. */
  readonly exited: Promise<RuntimeExit>;

  /**
   * Runs code to its end.
   *
   * @param onEvent - Called for every event, in order, all of them before the promise settles. When it returns a
   *   promise, nothing more is read from the program until that settles (back pressure).
   * @throws {RuntimeProcessError} `RUNTIME_EXITED` when the process ends in the middle, `RUNTIME_GARBLED`,
   *   `RUNTIME_BUSY` when another call is under way.
   */
  execute(
    execution: RuntimeExecution,
    onEvent: (event: RuntimeEvent) => void | Promise<void>,
  ): Promise<RuntimeExecutionResult>;

  /** Asks the running code to stop; the workspace stays. Does nothing when no code runs. */
  interrupt(): void;

  /** Answers an `input_request` of the running code; one that is not open any more is passed over. */
  answerInput(inputId: string, answer: InputAnswer): void;

  /** Names of the workspace's objects, sorted; hidden helpers are not among them. */
  listObjects(): Promise<readonly string[]>;
  /**
   * One object in the language's binary form: R a gzip-free `.RData` stream of that one object, Python dill or pickle.
   * @throws {RuntimeProcessError} `RUNTIME_OBJECT_NOT_FOUND`, `RUNTIME_OBJECT_NOT_SERIALIZABLE`.
   */
  getObject(name: string): Promise<Buffer>;
  /**
   * R: `serialize()` bytes or a `.RData` stream (then its first object); Python: dill or pickle.
   * @throws {RuntimeProcessError} `RUNTIME_OBJECT_BAD_BYTES`.
   */
  setObject(name: string, content: Buffer): Promise<void>;
  /** @throws {RuntimeProcessError} `RUNTIME_OBJECT_NOT_FOUND`. */
  deleteObject(name: string): Promise<void>;

  /** Names of the files in the working directory (flat), sorted. */
  listFiles(): Promise<readonly string[]>;
  /** @throws {RuntimeProcessError} `RUNTIME_FILE_NOT_FOUND`. */
  readFile(name: string): Promise<NodeJS.ReadableStream>;
  writeFile(name: string, content: NodeJS.ReadableStream): Promise<void>;
  /** @throws {RuntimeProcessError} `RUNTIME_FILE_NOT_FOUND`. */
  deleteFile(name: string): Promise<void>;

  /**
   * Writes the whole workspace and working directory into an empty folder of the server: the workspace file
   * (`workspace.RData` or `workspace.dill`) and `files/`. Settles when that is done, or has failed and nothing writes
   * there any more. The end of the runtime waits for it.
   * @throws {RuntimeProcessError} `RUNTIME_OBJECT_NOT_SERIALIZABLE`, with the names of the objects;
   *   `RUNTIME_SNAPSHOT_CUT`, `RUNTIME_FILE_CHANGED`.
   */
  saveSnapshot(directory: string, writing?: SnapshotWriting): Promise<void>;
  /** Merges such a folder into this runtime: objects and files of the same name are replaced, others stay. */
  loadSnapshot(directory: string): Promise<void>;

  /** Ends it in order: interrupt, SIGTERM, SIGKILL in steps; the working directory is removed. Twice is harmless. */
  close(): Promise<void>;
  /** Ends it now. */
  destroy(): void;
}
