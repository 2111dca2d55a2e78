// Finds out what became of an execution whose answer was lost on the way. Never runs it again.
import { AppError, messageOf, type Logger } from '../base/index.js';
import type { ConsoleDiff } from './console-diff.js';
import type { EventRun } from './event-channel.js';
import type { RemoteClient } from './remote-client.js';
import type { RunReceiver } from './run-receiver.js';
import { pause } from './waiting.js';

/** What is known of the execution. */
export interface LostExecution {
  readonly client: RemoteClient;
  readonly sessionId: string;
  readonly receiver: RunReceiver;
  /** The execution on the event stream, if it went by one. */
  readonly run: EventRun | undefined;
  /** Where the console text stands; asked for when the text does not come by events. */
  readonly diff: () => ConsoleDiff;
  /** What the server's history records for it. */
  readonly recordedText: string;
  /** How often the history held that text before. */
  readonly earlierRuns: number;
  /** How many entries it held before, as far as we know; empty ones not counted. */
  readonly earlierEntries: number;
  /** Sends code that does nothing; the server runs it after everything before it. */
  readonly sendEmptyCode: (signal: AbortSignal) => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** `ran`: to its end. */
export type LostOutcome = 'ran' | 'not-run' | 'unknown';

/** How long an unreachable server is asked again before we give up. */
const PATIENCE_MS = 15_000;
const MOST_PROBES = 20;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Without news for so long, the execution is taken to have ended, never begun, or to be silent. */
const QUIET_AFTER_TEXT_MS = 5000;
const QUIET_WITHOUT_TEXT_MS = 1000;

/**
 * Follows the execution to its end where it still runs, then asks the history.
 *
 * The end shows itself by the agent's `done`, by the event stream's `finished`, or by an empty execution sent after
 * it: a session runs one thing at a time, so when the empty one has been answered, ours is over or never arrived.
 * That one replaces the text of the last execution, so it is sent only where nothing else tells the end, and when the
 * console has been quiet.
 *
 * @throws {ClientError} `CLIENT_SESSION_GONE`. @throws `AbortError` when the signal aborts.
 */
export async function resolveLostAnswer(lost: LostExecution): Promise<LostOutcome> {
  const isOver = await followToEnd(lost);
  if (hasEnded(lost)) return 'ran';
  if (!isOver) return 'unknown';
  return askHistory(lost);
}

/** How often a history holds a text; line ends and outer white space do not count. */
export function countRuns(history: readonly string[], text: string): number {
  const wanted = normalize(text);
  return history.filter((entry) => normalize(entry) === wanted).length;
}

/** @returns Whether nothing of it runs any more; `false` when the server could not be asked for too long. */
async function followToEnd(lost: LostExecution): Promise<boolean> {
  const probe = new EmptyProbe(lost);
  let quietSince = Date.now();
  let lastContact = Date.now();
  let quietMs = usesEvents(lost) ? 0 : QUIET_WITHOUT_TEXT_MS;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    lost.signal.throwIfAborted();
    if (hasEnded(lost) || probe.isAnswered) return true;
    if (probe.failures >= MOST_PROBES) return false;
    const news = await readNews(lost);
    if (news !== 'unreachable') lastContact = Date.now();
    else if (Date.now() - lastContact > PATIENCE_MS) return false;
    if (news === 'text') {
      quietSince = Date.now();
      quietMs = QUIET_AFTER_TEXT_MS;
      pauseMs = FIRST_PAUSE_MS;
    }
    if (hasEnded(lost)) return true;
    const isQuiet = news !== 'unreachable' && Date.now() - quietSince >= quietMs;
    if (isQuiet && !(await willTellItsEnd(lost))) probe.send();
    await Promise.race([pause(pauseMs, lost.signal), ...probe.pending]);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}

async function askHistory(lost: LostExecution): Promise<LostOutcome> {
  try {
    const history = await lost.client.sessions.history(lost.sessionId, { signal: lost.signal });
    if (countRuns(history, lost.recordedText) > lost.earlierRuns) return 'ran';
    // A server that keeps no history, or only the last of it, cannot say that something did not run.
    const entries = history.filter((entry) => entry !== '').length;
    return entries < lost.earlierEntries ? 'unknown' : 'not-run';
  } catch (error) {
    rethrowUnlessTransient(error);
    return 'unknown';
  }
}

/** Whether it has begun, and its agent's `done` will stand in the console text when it ends. */
async function willTellItsEnd(lost: LostExecution): Promise<boolean> {
  if (lost.run !== undefined || !lost.receiver.hasAgent) return false;
  return (await askHistory(lost)) === 'ran';
}

/** The empty execution that tells when everything before it is over; sent again when it fails. */
class EmptyProbe {
  isAnswered = false;
  failures = 0;
  readonly #lost: LostExecution;
  #pending: Promise<void> | undefined;

  constructor(lost: LostExecution) {
    this.#lost = lost;
  }

  get pending(): readonly Promise<void>[] {
    return this.#pending === undefined ? [] : [this.#pending];
  }

  send(): void {
    this.#pending ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      await this.#lost.sendEmptyCode(this.#lost.signal);
      this.isAnswered = true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'CLIENT_SESSION_GONE') throw error;
      // Busy, unreachable or lost as well: harmless code may be sent again.
      this.#lost.logger.debug({ error: messageOf(error) }, 'probe after a lost answer failed');
      this.failures += 1;
      this.#pending = undefined;
    }
  }
}

function hasEnded({ receiver, run }: LostExecution): boolean {
  return receiver.done !== undefined || run?.isFinished === true;
}

function usesEvents({ run }: LostExecution): boolean {
  return run !== undefined && !run.isBroken;
}

async function readNews(lost: LostExecution): Promise<'text' | 'nothing' | 'unreachable'> {
  if (usesEvents(lost)) return 'nothing';
  try {
    const { sessionId, signal } = lost;
    const text = await lost.client.sessions.consoleOutput(sessionId, { signal });
    const piece = lost.diff().next(text);
    if (piece !== '') lost.receiver.takeConsole(piece);
    return piece === '' ? 'nothing' : 'text';
  } catch (error) {
    rethrowUnlessTransient(error);
    return 'unreachable';
  }
}

function rethrowUnlessTransient(error: unknown): void {
  const isTransient =
    error instanceof AppError &&
    ['CLIENT_UNREACHABLE', 'CLIENT_TIMEOUT', 'CLIENT_STATUS', 'CLIENT_BAD_RESPONSE'].includes(
      error.code,
    );
  if (!isTransient) throw error;
}

function normalize(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}
