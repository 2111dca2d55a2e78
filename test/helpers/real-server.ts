// The embedded server with real R and Python behind it, in this process, on a port of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRuntimePool } from '../../src/runtimes/index.js';
import { createServer, type ServerOptions } from '../../src/server/index.js';
import { venvBin } from './requirements.js';

/** Accounts: whose password is their name and ` password`. */
const USERS = ['admin', 'bob', 'eve'];

export interface RealServer {
  readonly url: string;
  readonly dataDirectory: string;
  /** Ends server and runtimes. @param options - `keepData` leaves the data directory for the next server. */
  close(options?: { readonly keepData?: boolean }): Promise<void>;
}

/**
 * Starts one.
 *
 * @param changes - Options beside those of the runtimes; the accounts `admin`, `bob` and `eve` are there. Without a
 *   data directory it has an empty one.
 */
export async function openRealServer(
  changes: Partial<Omit<ServerOptions, 'runtimes'>> = {},
): Promise<RealServer> {
  const dataDirectory =
    changes.dataDirectory ?? (await mkdtemp(path.join(os.tmpdir(), 'rserver-real-')));
  const runtimes = createRuntimePool({
    r: { warmCount: 0 },
    python: { command: venvBin('python'), warmCount: 0 },
    workRoot: path.join(dataDirectory, 'work'),
    env: process.env,
  });
  const server = await createServer({
    version: '1.2.3',
    accounts: (username, password) =>
      Promise.resolve(USERS.includes(username) && password === `${username} password`),
    ...changes,
    dataDirectory,
    runtimes,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    dataDirectory,
    close: async ({ keepData = false } = {}) => {
      await server.close();
      await runtimes.close();
      if (!keepData) await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
