// What a kernel loads while its sockets already answer: configuration, embedded server, bridge and client.
import type { Logger } from '../base/index.js';
import type { Interpreter } from '../jupyter/index.js';
import { loadConfiguration, ResolvedConfiguration } from './config.js';
import { EmbeddedStarter } from './embedded-starter.js';
import { variable, type Machine } from './machine.js';
import { defaultDataDirectory, historyFile, sessionNotesDirectory } from './paths.js';
import { FileSessionNotes } from './session-notes.js';

/** What a kernel knows from its command line and surroundings. */
export interface BackEndOptions {
  readonly machine: Machine;
  /** Settings by key. */
  readonly flags: Readonly<Record<string, string>>;
  readonly language: 'r' | 'python';
  readonly version: string;
  readonly logger: Logger;
}

/** A back end whose server, if it is the embedded one, is starting. */
export interface BackEnd {
  createInterpreter(): Promise<Interpreter>;
}

/** Reads the configuration and starts the embedded server where that is the one in force. Never rejects. */
export async function prepareBackEnd(options: BackEndOptions): Promise<BackEnd> {
  const { machine, flags, language, version } = options;
  const embedded = new EmbeddedStarter(machine, version, language);
  const { configuration, failure } = await readConfiguration(machine, flags);
  if (failure === undefined && configuration.settings.url === undefined) {
    // Its failure is that of the first cell, which asks again.
    embedded.start(configuration).catch(() => undefined);
  }
  return {
    createInterpreter: () => createInterpreter(options, configuration, failure, embedded),
  };
}

/** A configuration that does not fit is the first cell's error, not the end of the kernel: defaults serve until then. */
async function readConfiguration(
  machine: Machine,
  flags: Readonly<Record<string, string>>,
): Promise<{ readonly configuration: ResolvedConfiguration; readonly failure?: unknown }> {
  try {
    return { configuration: await loadConfiguration(machine, flags) };
  } catch (failure) {
    const bare = { ...machine, env: {} };
    return { configuration: new ResolvedConfiguration({ machine: bare, flags: {} }), failure };
  }
}

async function createInterpreter(
  { machine, language, version, logger }: BackEndOptions,
  configuration: ResolvedConfiguration,
  failure: unknown,
  embedded: EmbeddedStarter,
): Promise<Interpreter> {
  const { createConnect, connectEarly } = await import('./connect.js');
  const connect =
    failure === undefined
      ? connectEarly(createConnect({ embedded, logger }), configuration)
      : () => rejectWith(failure);
  const { createRemoteInterpreter } = await import('../bridge/index.js');
  const notebookName = variable(machine, 'JPY_SESSION_NAME');
  const dataDirectory = configuration.get('data_dir') ?? defaultDataDirectory();
  const isHistoryKept = failure === undefined && configuration.get('history') === 'on';
  return createRemoteInterpreter({
    language: language === 'r' ? 'R' : 'python',
    configuration,
    connect,
    version,
    logger,
    // Not while the configuration cannot be read: it may say `off`.
    ...(isHistoryKept && { historyFile: historyFile(dataDirectory, language) }),
    sessionNotes: new FileSessionNotes(sessionNotesDirectory(dataDirectory), notebookName),
    ...(notebookName !== undefined && { notebookName }),
  });
}

async function rejectWith(failure: unknown): Promise<never> {
  return Promise.reject(failure instanceof Error ? failure : new Error(String(failure)));
}
