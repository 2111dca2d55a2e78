// What a person sees of a large transfer: a question before it, a line that changes while it goes on.
import { randomUUID } from 'node:crypto';
import { formatBytes, textDisplay } from '../display/tables.js';
import type { MagicContext } from '../magics/magic.js';

/** From here on a transfer is asked about. */
export const LARGE_BYTES = 100_000_000;
/** From here on a transfer shows how far it is. */
const SHOWN_BYTES = 10_000_000;
const UPDATE_MS = 250;

type Screen = Pick<MagicContext, 'input' | 'print' | 'show' | 'update'>;

/**
 * Asks before a large transfer. Where nobody can answer, as in batch runs, it goes on and says how much it is.
 *
 * @param what - E.g. `sales.csv`; followed by its size, and its rows when they are known.
 * @returns Whether to go on.
 */
export async function mayTransfer(
  what: string,
  bytes: number,
  rows: number | undefined,
  isSure: boolean,
  { input, print }: Screen,
): Promise<boolean> {
  if (bytes < LARGE_BYTES || isSure) return true;
  const size = `${what}: ${formatBytes(bytes)}${rows === undefined ? '' : `, ${rows.toString()} rows`}`;
  if (!input.allowed) {
    print(size);
    return true;
  }
  const answer = await input.requestInput(`${size}. Transfer it? [y/N] `);
  if (/^\s*y(?:es)?\s*$/i.test(answer)) return true;
  print('Nothing was transferred.');
  return false;
}

/** A line that tells how far a transfer is; in batch runs and for small ones there is none. */
export function showProgress(
  what: string,
  total: number,
  { input, show, update }: Screen,
): { readonly at: (bytes: number) => void; readonly end: () => void } {
  if (!input.allowed || total < SHOWN_BYTES) return { at: () => undefined, end: () => undefined };
  const displayId = randomUUID();
  let shownAt = performance.now();
  const line = (bytes: number): string => {
    const share = Math.min(1, bytes / total);
    const bar = '#'.repeat(Math.round(share * 20)).padEnd(20, '.');
    return `${what} [${bar}] ${formatBytes(bytes)} of ${formatBytes(total)}`;
  };
  show({ ...textDisplay(line(0)), displayId });
  return {
    at: (bytes) => {
      const now = performance.now();
      if (now - shownAt < UPDATE_MS) return;
      shownAt = now;
      update({ ...textDisplay(line(bytes)), displayId });
    },
    end: () => {
      update({ ...textDisplay(`${what}: ${formatBytes(total)}`), displayId });
    },
  };
}
