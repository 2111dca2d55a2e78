// The folders of a worker, and who may enter them: the process its own, the server all, and nobody else any.
import { randomUUID } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { giveTo } from './isolation/guarded-folder.js';
import type { ProcessUser } from './isolation/isolation.js';
import type { WorkerFolders } from './worker-runtime.js';

/** Where the folders of a worker are to be. */
export function workerFolders(workRoot: string, user: ProcessUser | undefined): WorkerFolders {
  const home = path.join(workRoot, randomUUID());
  return {
    home,
    work: path.join(home, 'work'),
    temporary: path.join(home, 'tmp'),
    interruptFile: path.join(home, 'interrupt'),
    owner: user?.uid,
  };
}

/** Makes them, and a folder for pipes among them. */
export async function makeFolders(folders: WorkerFolders, pipesFolder: string): Promise<void> {
  const { home, work, temporary, owner } = folders;
  await mkdir(home, { mode: 0o700 });
  for (const folder of [work, temporary, pipesFolder]) await mkdir(folder, { mode: 0o700 });
  if (owner === undefined) return;
  await mkdir(personalFolder(folders), { mode: 0o700 });
  await giveTo(owner, work, temporary, personalFolder(folders));
  await openToPass(home, pipesFolder);
}

/** Lets every OS user pass through folders, and neither read nor change them. */
export async function openToPass(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) await chmod(folder, 0o711); // whatever the umask
}

/** Where programs keep what they think is a person's. */
export const personalFolder = ({ home }: WorkerFolders): string => path.join(home, 'user');
