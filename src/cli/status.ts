// `rserver-kernel status`: the servers of this user that run on this machine.
import type { Machine } from './machine.js';
import {
  ensureRuntimeDirectory,
  isServerAlive,
  listRecords,
  type ServerRecord,
} from './server-records.js';

/** A running server as `status --json` shows it: its record without the secret. */
export type ServerSummary = Omit<ServerRecord, 'secret'>;

/** The servers that run; records of dead ones are passed over. */
export async function listServers(machine: Machine): Promise<readonly ServerSummary[]> {
  const found = listRecords(ensureRuntimeDirectory(machine));
  const alive = await Promise.all(
    found.map(async ({ record }) => ((await isServerAlive(record)) ? [withoutSecret(record)] : [])),
  );
  return alive.flat();
}

function withoutSecret(record: ServerRecord): ServerSummary {
  const summary: { secret?: unknown } & ServerSummary = { ...record };
  delete summary.secret;
  return summary;
}

/** Lines to print for servers. */
export function describeServers(servers: readonly ServerSummary[]): readonly string[] {
  if (servers.length === 0) return ['No server is running.'];
  return servers.flatMap((server) => [
    `${server.url}  ${KIND_WORDS[server.kind]}`,
    `  process ${server.pid}, since ${server.startedAtIso}, version ${server.version}`,
    `  data    ${server.dataDirectory}`,
    ...(server.logFile === undefined ? [] : [`  log     ${server.logFile}`]),
  ]);
}

const KIND_WORDS: Record<ServerRecord['kind'], string> = {
  embedded: 'embedded server, started by a kernel',
  served: 'foreground server, started by `rserver-kernel serve`',
};
