// Where inputs outlive their kernel. SQLite is loaded when it is needed for the first time: not while a kernel starts.
import type { Logger } from '../../base/index.js';
import type { KeptHistory } from './input-history.js';

/** @param file - Absent: nothing is kept. */
export function keptHistory(file: string | undefined, logger: Logger): KeptHistory | undefined {
  if (file === undefined) return undefined;
  return {
    logger,
    open: async () => {
      const { openSqliteHistory } = await import('./sqlite-history.js');
      return openSqliteHistory(file);
    },
  };
}
