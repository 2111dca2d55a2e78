// The errors of language processes. A failing program is never one of these: it is a result.
import { AppError, type AppErrorOptions, type ErrorFacts } from '../base/index.js';
import type { RuntimeExit, RuntimeType } from './runtime.js';

/** What is behind each code and what to do about it; `docs/errors.md` is made from this table. */
export const RUNTIME_ERROR_CODES = {
  RUNTIME_SPAWN: {
    cause: 'The R or Python program could not be started, or ended before it was ready.',
    remedy:
      'Install R or Python, or name the right command in the configuration, and run that command by hand to see what it says.',
  },
  RUNTIME_ISOLATION: {
    cause: 'Sessions cannot be kept apart by OS users on this machine.',
    remedy:
      'Do what the message asks for: the server must run as root on Linux, with util-linux and a work folder that others can pass through; docs/isolation.md says more.',
  },
  RUNTIME_POOL_FULL: {
    cause: 'As many R or Python processes run as the configuration allows.',
    remedy: 'Close sessions that are no longer needed, or raise the largest pool size.',
  },
  RUNTIME_EXITED: {
    cause:
      'The R or Python process behind the session has ended: a crash, too little memory, or a signal from outside.',
    remedy:
      'Start a new session, from a snapshot if there is one, and look at the last stderr lines.',
  },
  RUNTIME_GARBLED: {
    cause: 'The R or Python process sent something that is not the protocol of its worker.',
    remedy:
      'Start a new session; code that writes to foreign file descriptors is the usual reason.',
  },
  RUNTIME_BUSY: {
    cause: 'The session already runs something; one call at a time.',
    remedy: 'Wait for the running call, or interrupt it.',
  },
  RUNTIME_OBJECT_NOT_FOUND: {
    cause: 'The workspace has no object of this name.',
    remedy: 'List the workspace and check the spelling.',
  },
  RUNTIME_OBJECT_NOT_SERIALIZABLE: {
    cause:
      'The object cannot be written in binary form: connections, locks and open files never can.',
    remedy:
      'Remove the named objects from the workspace, or install dill for Python functions and classes.',
  },
  RUNTIME_OBJECT_BAD_BYTES: {
    cause: 'The bytes are no object in the language of this session.',
    remedy: 'Send R serialize() or .RData bytes to R, and dill or pickle bytes to Python.',
  },
  RUNTIME_FILE_NOT_FOUND: {
    cause: 'The working directory has no file of this name.',
    remedy: 'List the files of the session and check the spelling.',
  },
  RUNTIME_FILE_NAME_BAD: {
    cause: 'The name is empty, has a folder in it or is otherwise no plain file name.',
    remedy: 'Use a plain file name: the working directory is flat.',
  },
  RUNTIME_SNAPSHOT_BAD: {
    cause: 'The snapshot holds no workspace that this language can read.',
    remedy: 'Load R snapshots into R sessions and Python snapshots into Python sessions.',
  },
  RUNTIME_SNAPSHOT_CUT: {
    cause:
      'The copy of the process that wrote a snapshot ended in the middle: it was killed, or memory was too little.',
    remedy: 'Make the snapshot again, after removing large objects that are no longer needed.',
  },
  RUNTIME_FILE_CHANGED: {
    cause: 'A large file of the working directory changed while a snapshot kept it.',
    remedy: 'Make the snapshot again when nothing writes to that file.',
  },
  RUNTIME_SERVICE_INIT: {
    cause: "A web service's code that runs before its calls failed.",
    remedy: 'Correct the initCode, or publish with a snapshot that holds what it needs.',
  },
  RUNTIME_CALL_ABORTED: {
    cause: 'A call of a web service was given up by whoever made it.',
    remedy: 'Call again.',
  },
  RUNTIME_CALL_TIMEOUT: {
    cause: 'A call of a web service ran longer than calls may.',
    remedy: 'Make the code faster, use a batch execution, or raise the limit.',
  },
  RUNTIME_CALL_CRASHED: {
    cause: 'The process of one call ended in the middle: a crash, or too little memory.',
    remedy:
      'Call again; look for native code in the service that crashes, or give the machine more memory.',
  },
} as const satisfies Record<string, { readonly cause: string; readonly remedy: string }>;

export type RuntimeErrorCode = keyof typeof RUNTIME_ERROR_CODES;

/** The worker names a code for what it foresaw; anything else it could not do is a fault of its own. */
export const errorCodeOf = (code: string): RuntimeErrorCode =>
  code in RUNTIME_ERROR_CODES ? (code as RuntimeErrorCode) : 'RUNTIME_GARBLED';

/** A language process or one of its files and objects let us down. */
export class RuntimeProcessError extends AppError {
  declare readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options: AppErrorOptions = {}) {
    super(code, message, options);
  }
}

/** The error of a call to a process that has ended, or is being ended. */
export function exitedError(
  runtimeType: RuntimeType,
  exit: RuntimeExit | undefined,
): RuntimeProcessError {
  const { exitCode = null, signal = null } = exit ?? {};
  const code = exitCode === null ? '' : ` with exit code ${exitCode}`;
  const how = signal === null ? code : ` by signal ${signal}`;
  const why = exit?.limit === undefined ? '' : ` ${exit.limit}`;
  return new RuntimeProcessError(
    'RUNTIME_EXITED',
    `The ${runtimeType} process of the session has ended${how}.${why}`,
    { facts: exitFacts(exit) },
  );
}

/** `exitCode`, `signal` and `stderrTail` as facts. */
export const exitFacts = (exit: RuntimeExit | undefined): ErrorFacts => ({
  exitCode: exit?.exitCode ?? undefined,
  signal: exit?.signal ?? undefined,
  stderrTail: exit?.stderrTail,
});
