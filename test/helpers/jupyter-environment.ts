// A Jupyter of one's own for the outer tests: the project's .venv, with both kernels installed into a temporary
// prefix and every folder that Jupyter, the kernel or the embedded server writes to inside one temporary directory.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT, venvBin } from './requirements.js';

/** What a finished command left behind. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link JupyterEnvironment.run}. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface JupyterEnvironment {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command to its end; a bare name is taken from `.venv/bin`. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Runs our own command line. */
  rserverKernel(...args: string[]): Promise<CommandResult>;
  /** Stops the embedded server and removes the directory. */
  close(): Promise<void>;
}

/** Makes the environment and installs the kernelspecs `rserver-r` and `rserver-python` into it. */
export async function createJupyterEnvironment(
  extraEnv: NodeJS.ProcessEnv = {},
): Promise<JupyterEnvironment> {
  const directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
  const inside = (name: string): string => {
    const folder = path.join(directory, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  };
  const prefix = inside('prefix');
  const env: NodeJS.ProcessEnv = {
    PATH: `${path.dirname(venvBin('python'))}:${process.env['PATH'] ?? ''}`,
    LANG: process.env['LANG'] ?? 'C.UTF-8',
    HOME: inside('home'),
    JUPYTER_PATH: path.join(prefix, 'share', 'jupyter'),
    JUPYTER_DATA_DIR: inside('data'),
    JUPYTER_CONFIG_DIR: inside('config'),
    JUPYTER_RUNTIME_DIR: inside('run'),
    IPYTHONDIR: inside('ipython'),
    MPLCONFIGDIR: path.join(PROJECT_ROOT, '.cache', 'matplotlib'),
    RSERVER_DATA_DIR: inside('server'),
    RSERVER_RUNTIME_DIR: inside('server-run'),
    RSERVER_CONFIG: path.join(directory, 'no-profile.toml'),
    RSERVER_IDLE_TIMEOUT_MS: '120000',
    RSERVER_LOG_FILE: path.join(directory, 'kernel.log'),
    RSERVER_LOG_LEVEL: 'info',
    ...extraEnv,
  };
  const run = (command: string, args: readonly string[], options: RunOptions = {}) =>
    runCommand(command.includes('/') ? command : venvBin(command), args, {
      cwd: options.cwd ?? directory,
      env: { ...env, ...options.env },
    });
  const rserverKernel = (...args: string[]): Promise<CommandResult> =>
    run(process.execPath, [path.join(PROJECT_ROOT, 'dist', 'cli', 'main.js'), ...args]);

  const installed = await rserverKernel(
    'install',
    '--prefix',
    prefix,
    '--env',
    `RSERVER_PYTHON=${venvBin('python')}`,
  );
  if (installed.code !== 0) throw new Error(`install failed: ${installed.stderr}`);

  return {
    directory,
    env,
    run,
    rserverKernel,
    close: async () => {
      await rserverKernel('stop');
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function runCommand(
  command: string,
  args: readonly string[],
  options: Required<RunOptions>,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
