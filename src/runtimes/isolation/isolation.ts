// Gives every language process an OS user of its own, so that the kernel keeps them apart: see docs/isolation.md.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { assetPath, messageOf, silentLogger, type Logger } from '../../base/index.js';
import { findProgram, type Environment } from '../environment.js';
import { RuntimeProcessError } from '../errors.js';
import { removeTree } from './guarded-folder.js';
import { defaultRange, UserBlock, type UserRange } from './user-range.js';

/** What isolation is made from. */
export interface IsolationOptions {
  /** Default a range that no account of a usual system has. */
  readonly range?: UserRange | undefined;
  /** The folder for the work of sessions; each of them must be able to reach what is its own in it. */
  readonly workRoot: string;
  /** Absolute paths of R and Python: whether sessions can reach them is found out too. */
  readonly programs?: readonly string[];
  /** Where servers of this machine say which users they have; default in `/run`. */
  readonly claimFolder?: string;
  readonly env: Environment;
  readonly logger?: Logger;
}

/** The OS user of one process and of its child programs. Its group has the same number. */
export interface ProcessUser {
  readonly uid: number;
  /** Program and arguments before those of what shall run as this user, with no rights beyond that. */
  readonly launcher: readonly string[];
  /**
   * Ends whatever still runs as this user; its folders can be removed then without anybody changing them.
   *
   * @returns Whether that could be done.
   */
  endProcesses(): Promise<boolean>;
  /** Lets another process have the number. */
  free(): void;
}

/** Where the users of processes come from. */
export interface Isolation {
  readonly workRoot: string;
  /** @throws {RuntimeProcessError} `RUNTIME_POOL_FULL`. */
  takeUser(): ProcessUser;
  close(): void;
}

const CLAIM_FOLDER = '/run/rserver-kernel/users';
/** Folders of the system in which everybody may leave files. */
const SHARED_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm'];
/** Once is enough: the kernel lets no process that has been killed make another one. */
const KILL_ALL = 'kill -s KILL -- -1';

const runProgram = promisify(execFile);

/**
 * Takes a block of users and tries one of them out.
 *
 * @throws {RuntimeProcessError} `RUNTIME_ISOLATION` with the reason why sessions cannot be kept apart here.
 */
export async function openIsolation(options: IsolationOptions): Promise<Isolation> {
  const { workRoot, env, logger = silentLogger, claimFolder = CLAIM_FOLDER } = options;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw cannot('The server does not run as root on Linux.');
  }
  const setpriv = await findProgram('setpriv', env);
  if (setpriv === undefined) throw cannot('There is no program setpriv (of util-linux).');
  const range = options.range ?? defaultRange(readFileSync('/proc/self/uid_map', 'utf8'));
  if (range === undefined) throw cannot('The container of the server has too few OS users.');
  makeWorkRoot(workRoot);
  const block = claimBlock(claimFolder, range);
  const launcherOf = (uid: number): string[] => [setpriv, ...privileges(uid)];
  try {
    await tryOut(launcherOf(block.firstUid), workRoot, options.programs ?? []);
  } catch (error) {
    block.close();
    throw error;
  }
  return {
    workRoot,
    takeUser() {
      const uid = block.take();
      const launcher = launcherOf(uid);
      return {
        uid,
        launcher,
        async endProcesses() {
          try {
            await run([...launcher, '/bin/sh', '-c', KILL_ALL]);
          } catch (error) {
            logger.error({ uid, error: messageOf(error) }, 'processes of a session may go on');
            return false;
          }
          for (const folder of SHARED_FOLDERS) removeFilesOf(uid, folder, logger);
          return true;
        },
        free: () => {
          block.free(uid);
        },
      };
    },
    close: () => {
      block.close();
      removeIfEmpty(workRoot);
    },
  };
}

/** What is made here lets everybody pass; what was there already is left as it is, and found out by a try. */
function makeWorkRoot(workRoot: string): void {
  let folder = path.resolve(workRoot);
  const made = mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (made === undefined) return;
  for (; folder.startsWith(made); folder = path.dirname(folder)) chmodSync(folder, 0o711);
}

function claimBlock(claimFolder: string, range: UserRange): UserBlock {
  try {
    return UserBlock.claim(claimFolder, range);
  } catch (cause) {
    if (cause instanceof RuntimeProcessError) throw cause;
    throw cannot(`${claimFolder} cannot be written: ${messageOf(cause)}`, cause);
  }
}

/** No way back: neither programs with the rights of their owner nor capabilities. The process ends with the server. */
const privileges = (uid: number): string[] => [
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--no-new-privs',
  '--inh-caps=-all',
  '--bounding-set=-all',
  '--pdeathsig=KILL',
  '--',
];

/** Fails here and not in the first session when something on the way is closed to others. */
async function tryOut(
  launcher: readonly string[],
  workRoot: string,
  programs: readonly string[],
): Promise<void> {
  const script = 'cd "$1" && shift && for file; do : < "$file" || exit 1; done';
  const present = programs.filter((program) => existsSync(program));
  const files = ['../r/worker.R', '../python/worker.py'].map((file) =>
    assetPath(import.meta.url, file),
  );
  await run([...launcher, '/bin/sh', '-c', script, 'sh', workRoot, ...files, ...present]).catch(
    (cause: unknown) => {
      const { stderr = '' } = cause as { readonly stderr?: string };
      throw cannot(
        `An OS user without rights cannot be used: ${stderr.trim() || messageOf(cause)}`,
        cause,
      );
    },
  );
}

async function run([file = '', ...args]: readonly string[]): Promise<void> {
  await runProgram(file, args, { cwd: '/', env: { PATH: '/usr/bin:/bin' } });
}

/** Another server may still have its own in it. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY'].includes(code)) throw error;
  }
}

/** What the user has left where everybody may leave something. Nobody else can change it, as all of its processes are gone. */
function removeFilesOf(uid: number, folder: string, logger: Logger): void {
  try {
    for (const name of readdirSync(folder)) {
      const file = path.join(folder, name);
      if (lstatSync(file, { throwIfNoEntry: false })?.uid === uid) removeTree(file);
    }
  } catch (error) {
    logger.warn({ uid, folder, error: messageOf(error) }, 'files of a session are left behind');
  }
}

const cannot = (message: string, cause?: unknown): RuntimeProcessError =>
  new RuntimeProcessError('RUNTIME_ISOLATION', message, { cause });
