// `rserver-kernel doctor`: looks at all that a notebook on R Server needs, and says what to do about what is missing.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AskSecret } from '../bridge/index.js';
import { AppError, messageOf, silentLogger } from '../base/index.js';
import { loadConfiguration, type ResolvedConfiguration } from './config.js';
import { EmbeddedStarter } from './embedded-starter.js';
import { activePython, askPython } from './environment-python.js';
import { findCommand } from './find-command.js';
import type { Machine } from './machine.js';
import { profileFilePath } from './paths.js';

/** One thing that was looked at. `unneeded`: missing, but the configuration in force does without. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'unneeded' | 'bad';
  readonly detail: string;
  /** What to do, for anything but `ok`. */
  readonly remedy?: string;
}

const PROBE_TIMEOUT_MS = 30_000;
const OLDEST_NODE = [20, 19] as const;
/** Of the sessions that the embedded server runs. */
const OLDEST_R = [3, 5] as const;
const OLDEST_PYTHON = [3, 5] as const;

/**
 * Looks at Node, Jupyter, the configuration, R, Python, the server and the login; starts the embedded server
 * where that is the one in force.
 *
 * @param askSecret - For a password that is configured nowhere.
 */
export async function examine(
  machine: Machine,
  flags: Readonly<Record<string, string>>,
  version: string,
  askSecret: AskSecret,
): Promise<readonly Finding[]> {
  const findings = [examineNode(process.versions.node), await examineJupyter(machine)];
  let configuration: ResolvedConfiguration;
  try {
    configuration = await loadConfiguration(machine, flags);
  } catch (error) {
    return [...findings, fromError('Configuration', error)];
  }
  const isEmbedded = configuration.settings.url === undefined;
  return [
    ...findings,
    describeConfiguration(configuration, machine),
    await examineR(configuration, machine, isEmbedded),
    await examinePython(configuration, machine, isEmbedded),
    await examineServer(configuration, machine, version, askSecret),
  ];
}

/** Lines to print for findings; the last one sums up. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  const signs: Record<Finding['state'], string> = { ok: 'ok  ', unneeded: 'note', bad: 'BAD ' };
  const lines = findings.flatMap(({ name, state, detail, remedy }) => [
    `${signs[state]} ${name}: ${detail}`,
    ...(remedy === undefined ? [] : [`     -> ${remedy}`]),
  ]);
  const bad = findings.filter(({ state }) => state === 'bad').length;
  const sum = bad === 0 ? 'All is well.' : `${bad} of ${findings.length} need something.`;
  return [...lines, sum];
}

/** @param nodeVersion - E.g. `20.19.1`. */
export function examineNode(nodeVersion: string): Finding {
  const detail = `version ${nodeVersion}`;
  return isAtLeast(nodeVersion, OLDEST_NODE)
    ? { name: 'Node', state: 'ok', detail }
    : {
        name: 'Node',
        state: 'bad',
        detail,
        remedy: `Install Node ${OLDEST_NODE.join('.')} or newer.`,
      };
}

/** @param version - Of two numbers or more, and perhaps a suffix. */
function isAtLeast(
  version: string,
  [oldestMajor, oldestMinor]: readonly [number, number],
): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

async function examineJupyter(machine: Machine): Promise<Finding> {
  const name = 'Jupyter';
  const remedy = 'pip install jupyterlab, then: rserver-kernel install --sys-prefix';
  const python = activePython(machine);
  if (python === undefined) return { name, state: 'bad', detail: 'no Python on PATH', remedy };
  try {
    const jupyter = findCommand(machine, 'jupyter');
    const [command, args] = jupyter === undefined ? [python, ['-m', 'jupyter']] : [jupyter, []];
    const text = await outputOf(command, [...args, 'kernelspec', 'list', '--json']);
    const specs = Object.values((JSON.parse(text) as JupyterKernelspecs).kernelspecs);
    const ours = specs.filter(({ spec }) => spec.metadata?.['rserver-kernel'] !== undefined);
    if (ours.length > 0) {
      const names = ours.map(({ spec }) => spec.display_name).join(', ');
      return { name, state: 'ok', detail: `knows ${names}` };
    }
    const detail = 'knows no kernel of ours';
    return {
      name,
      state: 'bad',
      detail,
      remedy: 'rserver-kernel install --sys-prefix (or --user)',
    };
  } catch (error) {
    return { name, state: 'bad', detail: firstLine(messageOf(error)), remedy };
  }
}

interface JupyterKernelspecs {
  readonly kernelspecs: Readonly<
    Record<
      string,
      {
        readonly spec: {
          readonly display_name: string;
          readonly metadata?: Record<string, unknown>;
        };
      }
    >
  >;
}

function describeConfiguration(configuration: ResolvedConfiguration, machine: Machine): Finding {
  const set = configuration.entries().filter(({ origin }) => origin !== 'default');
  const detail =
    set.length === 0
      ? `all defaults (profile file: ${profileFilePath(machine)})`
      : set
          .map(({ key, value, source, origin }) => `${key}=${value} (${source ?? origin})`)
          .join(', ');
  return { name: 'Configuration', state: 'ok', detail };
}

/** Whether sessions in R can run here; `isNeeded` where the embedded server runs them. */
export async function examineR(
  configuration: ResolvedConfiguration,
  machine: Machine,
  isNeeded: boolean,
): Promise<Finding> {
  const command = configuration.get('r') ?? 'R';
  const remedy = 'Install R (Debian: apt install r-base-core r-cran-jsonlite), or set RSERVER_R.';
  const file = findCommand(machine, command);
  if (file === undefined) return missing('R', `${command} is not on PATH`, remedy, isNeeded);
  try {
    const question =
      'cat(as.character(getRversion()), requireNamespace("jsonlite", quietly = TRUE))';
    const text = await outputOf(file, ['--vanilla', '--slave', '-e', question]);
    const [version = '?', hasJsonlite] = text.trim().split(' ');
    if (!isAtLeast(version, OLDEST_R)) {
      return tooOld('R', `${version} at ${file}`, OLDEST_R, 'RSERVER_R', isNeeded);
    }
    const extra = hasJsonlite === 'TRUE' ? '' : ', without jsonlite';
    return { name: 'R', state: 'ok', detail: `${version} at ${file}${extra}` };
  } catch (error) {
    return missing('R', firstLine(messageOf(error)), remedy, isNeeded);
  }
}

/** The same for sessions in Python. */
export async function examinePython(
  configuration: ResolvedConfiguration,
  machine: Machine,
  isNeeded: boolean,
): Promise<Finding> {
  const command = configuration.get('python') ?? 'python3';
  const remedy = 'Install Python 3, or set RSERVER_PYTHON to the one that sessions shall use.';
  try {
    const { executable, version } = await askPython(findCommand(machine, command) ?? command);
    const detail = `${version} at ${executable}`;
    if (!isAtLeast(version, OLDEST_PYTHON)) {
      return tooOld('Python', detail, OLDEST_PYTHON, 'RSERVER_PYTHON', isNeeded);
    }
    return { name: 'Python', state: 'ok', detail };
  } catch (error) {
    return missing('Python', firstLine(messageOf(error)), remedy, isNeeded);
  }
}

function tooOld(
  name: string,
  detail: string,
  oldest: readonly [number, number],
  variable: string,
  isNeeded: boolean,
): Finding {
  const remedy = `Install ${name} ${oldest.join('.')} or newer, or set ${variable} to one that is there.`;
  return missing(name, `${detail} is too old for sessions`, remedy, isNeeded);
}

function missing(name: string, detail: string, remedy: string, isNeeded: boolean): Finding {
  return isNeeded
    ? { name, state: 'bad', detail, remedy }
    : {
        name,
        state: 'unneeded',
        detail,
        remedy: 'Not needed: sessions run on the server that is set.',
      };
}

async function examineServer(
  configuration: ResolvedConfiguration,
  machine: Machine,
  version: string,
  askSecret: AskSecret,
): Promise<Finding> {
  const name = 'Server and login';
  try {
    const { createConnect } = await import('./connect.js');
    const embedded = new EmbeddedStarter(machine, version, 'r');
    const connect = createConnect({ embedded, logger: silentLogger });
    const { client, kind } = await connect(
      configuration,
      askSecret,
      AbortSignal.timeout(PROBE_TIMEOUT_MS),
    );
    try {
      const extensions = [...client.extensions].sort().join(', ') || 'none';
      const detail = `${kind} server at ${client.url}, logged in, extensions: ${extensions}`;
      return { name, state: 'ok', detail };
    } finally {
      await client.close();
    }
  } catch (error) {
    return fromError(name, error);
  }
}

function fromError(name: string, error: unknown): Finding {
  const hint = error instanceof AppError ? error.hint : undefined;
  const remedy = hint ?? 'See docs/errors.md for this message.';
  return { name, state: 'bad', detail: messageOf(error), remedy };
}

async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const options = { timeout: PROBE_TIMEOUT_MS, windowsHide: true };
  return (await promisify(execFile)(command, [...args], options)).stdout;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
