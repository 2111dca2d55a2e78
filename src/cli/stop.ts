// `rserver-kernel stop`: ends the servers of this user that run on this machine.
import { rmSync } from 'node:fs';
import { delay } from '../base/index.js';
import type { Machine } from './machine.js';
import {
  ensureRuntimeDirectory,
  isProcessAlive,
  isServerAlive,
  listRecords,
  type FoundRecord,
} from './server-records.js';

/** Which servers, and how long to wait. */
export interface StopOptions {
  /** Only those that kernels have started; default: also those of `serve`. */
  readonly embedded?: boolean;
  /** After this time a server is killed. Default 10000. */
  readonly killDelayMs?: number;
}

const LOOK_INTERVAL_MS = 25;

/**
 * Stops them in order: they close their sessions first.
 *
 * @returns Lines to print.
 */
export async function stop(
  machine: Machine,
  options: StopOptions = {},
): Promise<readonly string[]> {
  const found = listRecords(ensureRuntimeDirectory(machine)).filter(
    ({ record }) => options.embedded !== true || record.kind === 'embedded',
  );
  const lines = await Promise.all(found.map((one) => stopOne(one, options.killDelayMs ?? 10_000)));
  const said = lines.filter((line) => line !== undefined);
  return said.length === 0 ? ['No server is running.'] : said;
}

async function stopOne(
  { file, record }: FoundRecord,
  killDelayMs: number,
): Promise<string | undefined> {
  // A process id without its port is some other program by now: leave that alone.
  if (!(await isServerAlive(record))) {
    rmSync(file, { force: true });
    return undefined;
  }
  process.kill(record.pid, 'SIGTERM');
  const hasEnded = await waitForEnd(record.pid, killDelayMs);
  if (!hasEnded) process.kill(record.pid, 'SIGKILL');
  rmSync(file, { force: true });
  return hasEnded
    ? `Stopped ${record.url} (process ${record.pid}).`
    : `Killed ${record.url} (process ${record.pid}): it did not end within ${killDelayMs / 1000} s.`;
}

async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (!isProcessAlive(pid)) return true;
    await delay(LOOK_INTERVAL_MS);
  }
  return !isProcessAlive(pid);
}
