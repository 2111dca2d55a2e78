// What the embedded server offers beyond R Server's API. Each is discovered at run time and has a plain fallback.
import type { ExtensionName } from './document.js';
import type { ErrorResponse, ExecuteRequest, ExecuteResponse } from './types.js';

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

/** Request header of the event stream; its one value is {@link STREAM_TEXT_AS_BYTES}. */
export const STREAM_TEXT_HEADER = 'RServer-Stream-Text';

/** Lets long `stream` events come as binary frames: the event as JSON without its text, a line feed, the text in UTF-8. */
export const STREAM_TEXT_AS_BYTES = 'bytes';

/** Request header of a snapshot; its one value is {@link TAKEN_BY_INTERIM}. */
export const TAKEN_HEADER = 'RServer-Taken';

/** Asks for an interim answer 102 when the state is taken: executions sent after it do not change the snapshot. */
export const TAKEN_BY_INTERIM = '102';

/** The longest answer to a request for input, in UTF-16 code units. */
export const MAX_INPUT_LENGTH = 1024 * 1024;

/** The longest body of an execution on the event stream, in UTF-16 code units; a longer one goes by `POST`. */
export const MAX_STREAMED_EXECUTION_LENGTH = 1024 * 1024;

/** Every extension there is. */
export const EXTENSION_NAMES: readonly ExtensionName[] = [
  'events',
  'source',
  'restore',
  'stdin',
  'snapshots',
  'executions',
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
  /** After the last event of an execution, before its answer. */
  | { readonly type: 'finished'; readonly executionId: string };

/** On the stream that sent an {@link ExecuteMessage}: what `POST /sessions/{id}/execute` would have answered. */
export interface ExecuteAnswer {
  readonly type: 'answer';
  readonly executionId: string;
  readonly statusCode: number;
  /** Seconds, as the header of that name. */
  readonly retryAfter?: number;
  readonly body: ExecuteResponse | ErrorResponse;
}

/**
 * Sent on a new event stream after the old one broke: the frames of an execution that are missing are sent again. Only
 * for those that came by {@link ExecuteMessage}.
 */
export interface ResumeMessage {
  readonly type: 'resume';
  readonly executionId: string;
  /** How many frames of it have come, requests for input apart. */
  readonly count: number;
}

/** Answers {@link ResumeMessage}: frames of the execution that came before this one on this stream do not count. */
export interface ResumedEvent {
  readonly type: 'resumed';
  readonly executionId: string;
  /** `cut`: some of it is forgotten, nothing is sent again. `unknown`: it never arrived, and may be sent again. */
  readonly state: 'complete' | 'cut' | 'unknown';
}

/** Sent on the event stream in place of `POST /sessions/{id}/execute`; the console text comes by events. */
export interface ExecuteMessage {
  readonly type: 'execute';
  /** A UUID. */
  readonly executionId: string;
  /** As the header of that name; absent: that of the execution before, or of the handshake. */
  readonly authorization?: string;
  /** Lets the code ask for input, see {@link InputMessage}. */
  readonly input: boolean;
  readonly body: ExecuteRequest;
}

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
