// What a resource asks of the HTTP layer: one API call with all that decides about limits, retries and error words.
import type { Readable } from 'node:stream';
import type { Answer, ExchangeRequest } from './exchange.js';
import type { FailureContext } from './failures.js';

/** One API call. */
export interface Call {
  /** What is asked, to follow "to" in messages: e.g. `create a session`. */
  readonly operation: string;
  readonly method: ExchangeRequest['method'];
  /** Encoded, with the query. */
  readonly path: string;
  readonly body?: string | Buffer | Readable;
  /** Default `application/json; charset=utf-8` where there is a body. */
  readonly contentType?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  /** Called at an interim answer 102. */
  readonly onInterim?: (() => void) | undefined;
  /**
   * Another way than a request of its own, with the value of the header `Authorization`; nothing when that way is closed.
   * No time limit holds there.
   */
  readonly exchange?: (authorization: string) => Promise<Answer> | undefined;
  /** Which time limit applies. Default `request`. */
  readonly limitName?: FailureContext['limitName'];
  /** Instead of the configured limit. Milliseconds; 0 means none. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** May be sent again after its answer was lost. Default: GET only. */
  readonly isIdempotent?: boolean;
  /** A lost answer leaves open what the server did. Default: all but GET and DELETE. */
  readonly changesState?: boolean;
  /** May be sent again after a 503 although it is no GET. */
  readonly retriesBusy?: boolean;
  /** Default true. */
  readonly needsToken?: boolean;
  /** The session whose path it is. */
  readonly sessionId?: string;
  /** A 404 may be about the thing within the session, not the session. */
  readonly namesPart?: boolean;
}
