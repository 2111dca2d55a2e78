// What the embedded server offers beyond R Server's API. Each is discovered at run time and has a plain fallback.
import type { ExtensionName } from './document.js';

/** Response header of login, renewal, session creation and status: a comma list of extension names. */
export const EXTENSIONS_HEADER = 'RServer-Extensions';

/** Request header of execute: the client's name for the execution (a UUID). */
export const EXECUTION_ID_HEADER = 'RServer-Execution-Id';

/** Request header of execute; its one value is {@link CONSOLE_OUTPUT_BY_EVENTS}. */
export const CONSOLE_OUTPUT_HEADER = 'RServer-Console-Output';

/** Asks for an empty `consoleOutput`, because the client reads all text from the event stream. */
export const CONSOLE_OUTPUT_BY_EVENTS = 'events';

/** Request header of execute; its one value is {@link INPUT_BY_EVENTS}. */
export const INPUT_HEADER = 'RServer-Input';

/** Lets the code ask for input: the client watches the events and answers. */
export const INPUT_BY_EVENTS = 'events';

/** Request header of a snapshot; its one value is {@link TAKEN_BY_INTERIM}. */
export const TAKEN_HEADER = 'RServer-Taken';

/** Asks for an interim answer 102 when the state is taken: executions sent after it do not change the snapshot. */
export const TAKEN_BY_INTERIM = '102';

/** The longest answer to a request for input, in UTF-16 code units. */
export const MAX_INPUT_LENGTH = 1024 * 1024;

/** Every extension there is. */
export const EXTENSION_NAMES: readonly ExtensionName[] = [
  'events',
  'source',
  'restore',
  'stdin',
  'snapshots',
];

/** One frame of `GET /sessions/{id}/events`. Texts of an execution, joined in order, are its `consoleOutput`. */
export type SessionEvent =
  | {
      readonly type: 'stream';
      readonly executionId: string;
      readonly name: 'stdout' | 'stderr';
      readonly text: string;
    }
  /** Text that code in the session handed to the runtime's emit hook; opaque here. */
  | { readonly type: 'data'; readonly executionId: string; readonly data: string }
  /** The code waits for a line: see {@link InputMessage}. Shown also to those who come while it is open. */
  | {
      readonly type: 'input_request';
      readonly executionId: string;
      readonly inputId: string;
      readonly prompt: string;
      readonly password: boolean;
    }
  /** Something else occupies the session: the execution waits for its turn. Without it there is no `started`. */
  | { readonly type: 'queued'; readonly executionId: string }
  /** The turn of an execution that was queued has come. */
  | { readonly type: 'started'; readonly executionId: string }
  /** After the last event of an execution, before its HTTP answer. */
  | { readonly type: 'finished'; readonly executionId: string };

/**
 * What a client sends on the same WebSocket. `input_taken`, at once: it will answer, however long that takes.
 * `input_reply`: `value` null is the end of input; `error` says why nobody answers.
 */
export type InputMessage =
  | { readonly type: 'input_taken'; readonly inputId: string }
  | { readonly type: 'input_reply'; readonly inputId: string; readonly value: string | null }
  | { readonly type: 'input_reply'; readonly inputId: string; readonly error: string };

/**
 * Reads the value of {@link EXTENSIONS_HEADER}; names not known here are left out.
 *
 * @param value - E.g. `events, source`; absent from a genuine server.
 */
export function parseExtensions(value: string | undefined): ReadonlySet<ExtensionName> {
  const offered = new Set(value?.split(',').map((name) => name.trim().toLowerCase()));
  return new Set(EXTENSION_NAMES.filter((name) => offered.has(name)));
}
