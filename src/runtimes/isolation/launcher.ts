// The programs that a worker is started by: they set its limits, its OS user and its end, and become the worker.
import { findProgram, type Environment } from '../environment.js';
import { RuntimeProcessError } from '../errors.js';
import type { ProcessUser } from './isolation.js';
import { prlimitArguments, type ProcessLimits } from './process-limits.js';

/**
 * Program and arguments before those of the worker; it ends when this process does, however that comes.
 *
 * @throws {RuntimeProcessError} `RUNTIME_SPAWN` when there are limits and nothing to set them with.
 */
export async function launcherOf(
  env: Environment,
  limits: ProcessLimits,
  user: ProcessUser | undefined,
): Promise<readonly string[]> {
  const setpriv = await findProgram('setpriv', env);
  const own = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
  const limitArguments = prlimitArguments(limits, user !== undefined);
  if (limitArguments.length === 0) return user?.launcher ?? own;
  const prlimit = await findProgram('prlimit', env);
  if (prlimit === undefined) {
    throw new RuntimeProcessError(
      'RUNTIME_SPAWN',
      'Processes cannot be limited: there is no program prlimit (of util-linux).',
    );
  }
  // Limits first, while there is the right to set them.
  return [prlimit, ...limitArguments, '--', ...(user?.launcher ?? own)];
}
