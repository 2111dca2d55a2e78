// Waits for what servers make, so that an interrupt leaves nothing behind.
import { raceAbort } from '../../base/index.js';

/**
 * Waits for something that is made. What comes to be after an interrupt is undone then; nobody waits for that.
 *
 * @param making - Not told of the signal: whether a request that is broken off was carried out, nobody knows.
 * @throws `AbortError` when interrupted.
 */
export async function orUndo<T>(
  making: Promise<T>,
  signal: AbortSignal,
  undo: (made: T) => Promise<unknown>,
): Promise<T> {
  try {
    return await raceAbort(making, signal);
  } catch (error) {
    if (signal.aborted) making.then(undo).catch(() => undefined);
    throw error;
  }
}
