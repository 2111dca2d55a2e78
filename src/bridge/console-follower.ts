// Follows the console of a session by asking for it again and again, for servers without an event stream.
import { isAbortError, messageOf, type Logger } from '../base/index.js';
import type { ConsoleDiff } from './console-diff.js';
import { pause } from './waiting.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/** What a follower works with. */
export interface ConsoleFollowerOptions {
  /** Reads the whole console text. */
  readonly read: (signal: AbortSignal) => Promise<string>;
  readonly diff: ConsoleDiff;
  /** Called with every new piece; never empty. */
  readonly onText: (text: string) => void;
  /** Aborted: nobody wants the text any more. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * Reads the console 100 ms after the start, then less often, up to once a second; sooner again when there is news.
 * A read that fails is tried again: the answer of the execution tells whether the server is there.
 */
export class ConsoleFollower {
  readonly #options: ConsoleFollowerOptions;
  readonly #stop = new AbortController();

  constructor(options: ConsoleFollowerOptions) {
    this.#options = options;
    options.signal.addEventListener(
      'abort',
      () => {
        this.stop();
      },
      { once: true, signal: this.#stop.signal },
    );
    void this.#follow();
  }

  /** Ends the following; a read that is under way is forgotten. */
  stop(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      const startedAt = performance.now();
      const isNews = await this.#readOnce(signal);
      const readMs = performance.now() - startedAt;
      pauseMs = isNews ? FIRST_PAUSE_MS : Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
      // The whole text comes every time: a long one must not keep the server busy with nothing else.
      pauseMs = Math.max(pauseMs, readMs * 4);
    }
  }

  async #readOnce(signal: AbortSignal): Promise<boolean> {
    const { read, diff, onText, logger } = this.#options;
    try {
      const text = await read(signal);
      if (signal.aborted) return false;
      const piece = diff.next(text);
      if (piece !== '') onText(piece);
      return piece !== '';
    } catch (error) {
      if (!isAbortError(error)) logger.debug({ error: messageOf(error) }, 'console not read');
      return false;
    }
  }
}
