// `rserver-kernel kernel`: one Jupyter kernel. Everything that is not needed to answer `kernel_info` is loaded after
// the sockets are open.
import { accessSync, constants } from 'node:fs';
import { AppError, messageOf, type Logger } from '../base/index.js';
import { DeferredInterpreter } from './deferred-interpreter.js';
import { ConfigError } from './errors.js';
import { createLogger, logOptionsOf } from './log-file.js';
import { thisMachine, variable, type Machine } from './machine.js';
import { readVersion } from './version.js';

/** The command line of a kernel. */
interface KernelArguments {
  readonly connectionFile: string;
  readonly language: 'r' | 'python';
  /** Settings by key. */
  readonly flags: Readonly<Record<string, string>>;
}

const EXIT_CONFIG = 2;

/**
 * Runs a kernel until a front end, a signal or the end of its parent shuts it down.
 *
 * @param args - `CONNECTION_FILE --language r|python [--profile NAME] [--SETTING VALUE ...]`.
 */
export async function runKernel(args: readonly string[]): Promise<void> {
  const machine = thisMachine();
  const { level, file } = logOptionsOf(machine, 'warn');
  const logger = createLogger(level, file);
  try {
    await run(parseKernelArguments(args), machine, logger);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`rserver-kernel: ${messageOf(error)}\n`);
    process.exit(error instanceof AppError ? EXIT_CONFIG : 1);
  }
}

/** @throws {ConfigError} `CONFIG_ARGUMENT`. Unknown settings are found later, and are the first cell's error. */
export function parseKernelArguments(args: readonly string[]): KernelArguments {
  const positional: string[] = [];
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (!argument.startsWith('--')) {
      positional.push(argument);
      continue;
    }
    const [name, inline] = splitOnce(argument.slice(2), '=');
    const value = inline ?? args[++index];
    if (value === undefined) throw new ConfigError('CONFIG_ARGUMENT', `--${name} needs a value.`);
    flags[name.replaceAll('-', '_')] = value;
  }
  const { language, ...settings } = flags;
  const [connectionFile] = positional;
  // `jupyter run` hands the names of its scripts to the kernel, too: they mean nothing here.
  if (connectionFile === undefined) {
    throw new ConfigError('CONFIG_ARGUMENT', 'kernel takes a connection file.');
  }
  if (language !== 'r' && language !== 'python') {
    throw new ConfigError('CONFIG_ARGUMENT', '--language must be r or python.');
  }
  return { connectionFile, language, flags: settings };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

async function run(
  { connectionFile, language, flags }: KernelArguments,
  machine: Machine,
  logger: Logger,
): Promise<void> {
  const version = readVersion();
  outlive(logger);
  refuseUnreadable(connectionFile);
  // Not by the bridge's index.ts, which loads all of the bridge: that is still to come.
  const [jupyter, { interpreterInfo }] = await Promise.all([
    import('../jupyter/index.js'),
    import('../bridge/language/interpreter-info.js'),
  ]);
  const interpreter = new DeferredInterpreter(
    interpreterInfo(language === 'r' ? 'R' : 'python', version),
    async () => {
      const { prepareBackEnd } = await import('./back-end.js');
      const backEnd = await prepareBackEnd({ machine, flags, language, version, logger });
      return backEnd.createInterpreter();
    },
    logger,
  );
  const { connection, registration } = jupyter.readStartFile(connectionFile);
  const transport = jupyter.createZeromqTransport({ info: connection, logger });
  const kernel = new jupyter.Kernel({ interpreter, transport, logger });
  const close = (): void => void kernel.close();
  const ports = await kernel.start();
  process.on('SIGTERM', close);
  const parent = parentOf(machine);
  if (parent !== undefined) jupyter.watchParent({ pid: parent, onGone: close });
  if (registration !== undefined) {
    const { introduce } = await import('./registration.js');
    await introduce({ kernel, ports, connection, registration, connectionFile, machine, logger });
  }
  await kernel.closed;
}

/** Before anything is loaded. Its content is checked where it is used. */
function refuseUnreadable(connectionFile: string): void {
  try {
    accessSync(connectionFile, constants.R_OK);
  } catch (cause) {
    const text = `Cannot read the connection file ${connectionFile}: ${messageOf(cause)}`;
    throw new ConfigError('CONFIG_ARGUMENT', text, { cause });
  }
}

/**
 * Interrupts come as messages; the terminal's Ctrl-C, which reaches every process of its group, is not for the kernel.
 * And an error that nobody awaited must not cost a person the session: it is logged.
 */
function outlive(logger: Logger): void {
  process.on('SIGINT', () => undefined);
  process.on('unhandledRejection', (reason) => {
    logger.error({ err: reason }, 'a failure that nobody waited for');
  });
  process.on('uncaughtException', (err) => {
    logger.error({ err }, 'an error that nobody caught');
  });
}

/** Jupyter's process. On Windows the variable is a handle, not a process id. */
function parentOf(machine: Machine): number | undefined {
  const pid = Number(variable(machine, 'JPY_PARENT_PID'));
  if (!(pid > 1)) return undefined;
  return machine.platform === 'win32' ? process.ppid : pid;
}
