// The embedded server's own process: started by a kernel, on loopback, with a secret of its own, gone when idle.
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '../base/index.js';
import type { StartMessage } from './embedded-server.js';
import { hostServer, type HostedServer } from './hosted-server.js';
import { watchIdle } from './idle-watch.js';
import { createLogger, logOptionsOf } from './log-file.js';
import { thisMachine } from './machine.js';
import { readRecord, removeRecord, writeRecord } from './server-records.js';
import { onStopSignal } from './stop-signal.js';
import { readVersion } from './version.js';

const SECRET_BYTES = 32;
/** A kernel that lives watches its session; what one that was killed has left goes after a week. Milliseconds. */
const SESSION_UNUSED_MS = 7 * 24 * 3_600_000;

/** @param args - As `embedded-server.ts` writes them. */
export async function runEmbedded(args: readonly string[]): Promise<void> {
  process.umask(0o077); // snapshots and working folders hold this user's data
  try {
    await start(parseArguments(args));
    await tellStarter({ ready: true });
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    await tellStarter({ error: messageOf(error) });
    process.exit(1);
  }
}

type EmbeddedArguments = ReturnType<typeof parseArguments>;

function parseArguments(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      record: { type: 'string', default: '' },
      log: { type: 'string', default: '' },
      data: { type: 'string', default: '' },
      r: { type: 'string', default: 'R' },
      python: { type: 'string', default: 'python3' },
      'idle-timeout-ms': { type: 'string', default: '900000' },
      first: { type: 'string', default: 'r' },
    },
  });
  if (values.record === '' || values.data === '') {
    throw new Error('`embedded` is started by kernels; people start servers with `serve`.');
  }
  return values;
}

async function start(values: EmbeddedArguments): Promise<void> {
  const machine = thisMachine();
  const logger = createLogger(logOptionsOf(machine, 'info').level, undefined);
  const username = userName();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const version = readVersion();
  const hosted = await hostServer({
    dataDirectory: values.data,
    r: values.r,
    python: values.python,
    env: machine.env,
    firstLanguage: values.first === 'python' ? 'python' : 'r',
    isAwaited: true, // by the kernel that has started it
    prepare: async () => {
      const { createSecretVerifier } = await import('../server/index.js');
      return {
        accounts: createSecretVerifier(username, secret),
        roles: { Owner: { users: [username], groups: [] } },
      };
    },
    listen: { host: '127.0.0.1', port: 0 },
    limits: { sessionUnusedMs: SESSION_UNUSED_MS },
    version,
    logger,
  });
  try {
    writeRecord(values.record, {
      kind: 'embedded',
      url: hosted.url,
      pid: process.pid,
      host: hostname(),
      version,
      startedAtIso: new Date().toISOString(),
      dataDirectory: values.data,
      username,
      secret,
      logFile: values.log,
    });
  } catch (error) {
    await hosted.close(); // nobody would ever find it
    throw error;
  }
  logger.info({ url: hosted.url }, 'embedded server listens');
  stopInTime(hosted, values, (reason) => {
    logger.info({ reason }, 'embedded server leaves');
  });
}

/** By a signal, or when nobody has used it for the idle time. */
function stopInTime(
  { server, close }: HostedServer,
  values: EmbeddedArguments,
  onLeave: (reason: string) => void,
): void {
  const leave = async (reason: string): Promise<void> => {
    onLeave(reason);
    removeRecord(values.record, process.pid); // first: from now on kernels start another one
    await close();
  };
  const stopWatching = watchIdle({
    hasSessions: () => server.sessionCount() > 0,
    lastActivityAtMs: () => server.lastActivityAtMs(),
    isForgotten: () => readRecord(values.record)?.pid !== process.pid,
    idleTimeoutMs: Number(values['idle-timeout-ms']),
    onIdle: () => {
      void leave('idle').finally(() => process.exit(0));
    },
  });
  onStopSignal((signal) => {
    stopWatching();
    return leave(signal);
  });
}

/** A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'user';
  }
}

/** The starter may be gone already: the server goes on all the same. */
async function tellStarter(message: StartMessage): Promise<void> {
  if (process.send === undefined) return;
  process.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    process.send?.(message, () => {
      resolve();
    });
  });
  if (process.connected) process.disconnect();
}
