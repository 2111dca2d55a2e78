// The logger of our programs: pino, loaded with the first line that is worth writing, to stderr or a file.
import type { Logger, LogFacts } from '../base/index.js';
import { variable, type Machine } from './machine.js';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** From the talkative to the silent. */
export type LogLevel = (typeof LEVELS)[number];

/** Names of facts whose values are never written, at the top and one level below. */
const SECRET_NAMES = [
  'password',
  'passphrase',
  'secret',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'authorization',
  'Authorization',
  'key',
];

/** Level and file out of RSERVER_LOG_LEVEL and RSERVER_LOG_FILE. A word that is no level counts as `defaultLevel`. */
export function logOptionsOf(
  machine: Machine,
  defaultLevel: LogLevel,
): { readonly level: LogLevel; readonly file: string | undefined } {
  const word = variable(machine, 'RSERVER_LOG_LEVEL');
  const level = LEVELS.find((candidate) => candidate === word) ?? defaultLevel;
  return { level, file: variable(machine, 'RSERVER_LOG_FILE') };
}

/**
 * A logger that costs nothing until its first line: pino takes longer to load than a kernel may take to start.
 *
 * @param bindings - Facts on every line.
 */
export function createLogger(
  level: LogLevel,
  file: string | undefined,
  bindings: LogFacts = {},
): Logger {
  const lowest = LEVELS.indexOf(level);
  let ready: Promise<Logger> | undefined;
  const write =
    (name: Exclude<LogLevel, 'silent'>) =>
    (facts: LogFacts, message: string): void => {
      if (LEVELS.indexOf(name) < lowest) return;
      ready ??= openPino(level, file, bindings);
      const line = { time: Date.now(), ...facts };
      void ready.then((logger) => {
        logger[name](line, message);
      });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

async function openPino(
  level: LogLevel,
  file: string | undefined,
  bindings: LogFacts,
): Promise<Logger> {
  const { pino } = await import('pino');
  const redact = SECRET_NAMES.flatMap((name) => [name, `*.${name}`]);
  // Each line brings the time at which it was asked for. Synchronous: the last lines before a crash matter most.
  const options = { level, base: { pid: process.pid, ...bindings }, timestamp: false, redact };
  const destination = pino.destination({ dest: file ?? 2, sync: true, mkdir: true, mode: 0o600 });
  destination.on('error', () => undefined); // a full disk or a closed stderr must not end a kernel
  const logger = pino(options, destination);
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
  };
}
