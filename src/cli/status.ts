// `rserver-kernel status`: the servers of this user that run on this machine.
import { RServerClient } from '../client/index.js';
import type { Machine } from './machine.js';
import {
  ensureRuntimeDirectory,
  isServerAlive,
  listRecords,
  type ServerRecord,
} from './server-records.js';

/** A running server as `status --json` shows it: its record without the secret, and what it tells. */
export type ServerSummary = Omit<ServerRecord, 'secret'> & {
  /** Sessions that are open; only the embedded server can be asked without a password. */
  readonly sessionCount?: number;
};

/** The servers that run; records of dead ones are passed over. */
export async function listServers(machine: Machine): Promise<readonly ServerSummary[]> {
  const found = listRecords(ensureRuntimeDirectory(machine));
  const alive = await Promise.all(
    found.map(async ({ record }) =>
      (await isServerAlive(record)) ? [await summarise(record)] : [],
    ),
  );
  return alive.flat();
}

async function summarise(record: ServerRecord): Promise<ServerSummary> {
  const { secret, ...summary } = record;
  if (secret === undefined || record.username === undefined) return summary;
  const client = new RServerClient({
    url: record.url,
    auth: { type: 'password', username: record.username, password: secret },
  });
  try {
    return { ...summary, sessionCount: (await client.sessions.list()).length };
  } catch {
    return summary; // it has ended meanwhile, or is too busy to answer: the record is what is known
  } finally {
    await client.close();
  }
}

/** Lines to print for servers. */
export function describeServers(servers: readonly ServerSummary[]): readonly string[] {
  if (servers.length === 0) return ['No server is running.'];
  return servers.flatMap((server) => [
    `${server.url}  ${KIND_WORDS[server.kind]}`,
    `  process ${server.pid}, since ${server.startedAtIso}, version ${server.version}`,
    ...(server.sessionCount === undefined ? [] : [`  sessions  ${server.sessionCount}`]),
    `  data    ${server.dataDirectory}`,
    ...(server.logFile === undefined ? [] : [`  log     ${server.logFile}`]),
  ]);
}

const KIND_WORDS: Record<ServerRecord['kind'], string> = {
  embedded: 'embedded server, started by a kernel',
  served: 'foreground server, started by `rserver-kernel serve`',
};
