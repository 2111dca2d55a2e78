// The kernel's side of the embedded server: finds the one that runs, or starts it, so that there is one per user
// and configuration. What the server itself does is in embedded-process.ts.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { delay } from '../base/index.js';
import { ConfigError } from './errors.js';
import { tryLock, type FileLock } from './file-lock.js';
import { findCommand } from './find-command.js';
import type { Machine } from './machine.js';
import { defaultDataDirectory } from './paths.js';
import {
  ensureRuntimeDirectory,
  isServerAlive,
  readRecord,
  recordFile,
  recordKey,
  type ServerRecord,
} from './server-records.js';
import type { ResolvedConfiguration } from './config.js';

/** What tells one embedded server from another, and what it is started with. */
export interface EmbeddedOptions {
  readonly dataDirectory: string;
  /** Commands of the languages; absolute where PATH has them. */
  readonly r: string;
  readonly python: string;
  readonly idleTimeoutMs: number;
  readonly version: string;
  /** Made ready before the other language. */
  readonly firstLanguage: 'r' | 'python';
}

/** How the server process is started: the program and its first arguments. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** What the server process tells its starter, once. */
export type StartMessage = { readonly ready: true } | { readonly error: string };

/** Longest wait for a server to come up; a cold machine with a slow disk needs some seconds. */
const START_TIMEOUT_MS = 60_000;
/** How often the loser of a race looks whether the winner's server is up. */
const LOOK_INTERVAL_MS = 20;
const MAX_LOG_BYTES = 5 * 1024 * 1024;
const LOG_TAIL_BYTES = 2000;

/** The embedded server that a configuration asks for. */
export function embeddedOptionsOf(
  configuration: ResolvedConfiguration,
  machine: Machine,
  version: string,
  firstLanguage: 'r' | 'python',
): EmbeddedOptions {
  const r = configuration.get('r') ?? 'R';
  const python = configuration.get('python') ?? 'python3';
  return {
    dataDirectory: path.join(configuration.get('data_dir') ?? defaultDataDirectory(), 'embedded'),
    r: findCommand(machine, r) ?? r,
    python: findCommand(machine, python) ?? python,
    idleTimeoutMs: configuration.get('idle_timeout_ms') ?? 900_000,
    version,
    firstLanguage,
  };
}

/** The file that the server for these options is written down in. */
export function embeddedRecordFile(machine: Machine, options: EmbeddedOptions): string {
  const { dataDirectory, r, python, version } = options;
  const key = recordKey([dataDirectory, r, python, version]);
  return recordFile(ensureRuntimeDirectory(machine), 'embedded', key);
}

/**
 * The running embedded server for these options; started when there is none. Callers in several processes at once get
 * the same one.
 *
 * @param program - Default: this program.
 * @throws {ConfigError} `CONFIG_EMBEDDED_START` with the end of its log; `CONFIG_DIRECTORY`.
 */
export async function ensureEmbeddedServer(
  machine: Machine,
  options: EmbeddedOptions,
  program: ServerProgram = thisProgram(),
): Promise<ServerRecord> {
  const file = embeddedRecordFile(machine, options);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const running = await findRunning(file);
    if (running !== undefined) return running;
    const lock = tryLock(file.replace(/json$/, 'lock'), START_TIMEOUT_MS);
    if (lock !== undefined) return await startUnderLock(lock, file, machine, options, program);
    await delay(LOOK_INTERVAL_MS);
  }
  throw new ConfigError(
    'CONFIG_EMBEDDED_START',
    `Another process holds ${file.replace(/json$/, 'lock')} and its server does not come up.`,
  );
}

async function findRunning(file: string): Promise<ServerRecord | undefined> {
  const record = readRecord(file);
  return record !== undefined && (await isServerAlive(record)) ? record : undefined;
}

async function startUnderLock(
  lock: FileLock,
  file: string,
  machine: Machine,
  options: EmbeddedOptions,
  program: ServerProgram,
): Promise<ServerRecord> {
  try {
    // Between our look and the lock another process may have started it and let go.
    const running = await findRunning(file);
    if (running !== undefined) return running;
    rmSync(file, { force: true });
    return await start(file, machine, options, program);
  } finally {
    lock.release();
  }
}

const thisProgram = (): ServerProgram => ({
  command: process.execPath,
  args: [...process.execArgv, process.argv[1] ?? ''],
});

async function start(
  file: string,
  machine: Machine,
  options: EmbeddedOptions,
  program: ServerProgram,
): Promise<ServerRecord> {
  const logFile = openableLog(options.dataDirectory, path.basename(file, '.json'));
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(
      program.command,
      [...program.args, 'embedded', ...toArguments(file, logFile, options)],
      {
        cwd: options.dataDirectory,
        env: serverEnvironment(machine),
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
    await waitForStart(child, logFile);
  } finally {
    closeSync(log);
  }
  const record = readRecord(file);
  if (record !== undefined) return record;
  throw new ConfigError('CONFIG_EMBEDDED_START', `It left no record in ${file}.`);
}

function toArguments(file: string, logFile: string, options: EmbeddedOptions): readonly string[] {
  return [
    ['--record', file],
    ['--log', logFile],
    ['--data', options.dataDirectory],
    ['--r', options.r],
    ['--python', options.python],
    ['--idle-timeout-ms', String(options.idleTimeoutMs)],
    ['--first', options.firstLanguage],
  ].flat();
}

/** The environment without what is one kernel's own, and without secrets: user code in sessions could read it. */
function serverEnvironment(machine: Machine): Record<string, string | undefined> {
  const own =
    /^(JPY_|KERNEL_|NODE_CHANNEL|RSERVER_(PASSWORD|TOKEN|TLS_KEY_PASSPHRASE|HEADERS|ADMIN_PASSWORD|LOG_FILE))/;
  return Object.fromEntries(Object.entries(machine.env).filter(([name]) => !own.test(name)));
}

/** The log's path, in a folder that is there; a log that has grown large makes room first. */
function openableLog(dataDirectory: string, name: string): string {
  const directory = path.join(dataDirectory, 'logs');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, `${name}.log`);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) {
    renameSync(file, `${file}.old`);
  }
  return file;
}

/** Waits for the one message of the server, then lets go of it. */
function waitForStart(child: ChildProcess, logFile: string): Promise<void> {
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  return new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => {
      const text = `The embedded server ${reason}; its log is ${logFile}${tailOf(logFile)}`;
      reject(new ConfigError('CONFIG_EMBEDDED_START', text));
    };
    child.once('message', (message: StartMessage) => {
      if ('ready' in message) resolve();
      else fail(`did not start: ${message.error}`);
    });
    child.once('error', (error) => {
      fail(`did not start: ${error.message}`);
    });
    child.once('exit', (code, exitSignal) => {
      fail(`ended at once (${exitSignal ?? `exit status ${code ?? '?'}`})`);
    });
    timeout.addEventListener('abort', () => {
      child.kill();
      fail(`was not ready within ${START_TIMEOUT_MS / 1000} s`);
    });
  }).finally(() => {
    child.removeAllListeners();
    child.on('error', () => undefined); // a late error of the channel concerns nobody any more
    if (child.connected) child.disconnect();
    child.unref();
  });
}

function tailOf(logFile: string): string {
  try {
    const tail = readFileSync(logFile, 'utf8').slice(-LOG_TAIL_BYTES).trim();
    return tail === '' ? '' : `, which ends:\n${tail}`;
  } catch {
    return ''; // the message already names the file
  }
}
