// Where a worker lives: its folders, its pipes, its OS user, and what becomes of them when it has ended.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Isolation, ProcessUser } from './isolation/isolation.js';
import { makePipes } from './named-pipes.js';
import { PIPE_NAMES } from './pipes.js';
import { makeFolders, workerFolders } from './worker-folders.js';
import type { WorkerFolders } from './worker-runtime.js';

/** A place for one worker. */
export interface WorkerPlace {
  readonly folders: WorkerFolders;
  /** Holds the pipes; needed until the worker has opened them. */
  readonly pipesFolder: string;
  readonly user: ProcessUser | undefined;
  removePipes(): Promise<void>;
  /** Removes all of it when the worker has ended. */
  dispose(): Promise<void>;
}

/** Makes a place, with an OS user of its own where there is isolation. */
export async function makePlace(
  workRoot: string,
  isolation: Isolation | undefined,
): Promise<WorkerPlace> {
  const user = isolation?.takeUser();
  const place = placeOf(workRoot, user);
  try {
    await fill([place]);
    return place;
  } catch (error) {
    await place.dispose();
    throw error;
  }
}

/** Makes one and `spareCount` more at once, which takes little longer than making one. */
export async function makePlaces(
  workRoot: string,
  spareCount: number,
): Promise<readonly [WorkerPlace, ...WorkerPlace[]]> {
  const newPlace = (): WorkerPlace => placeOf(workRoot, undefined);
  const places = [newPlace(), ...Array.from({ length: spareCount }, newPlace)] as const;
  try {
    await fill(places);
    return places;
  } catch (error) {
    for (const place of places) await place.dispose();
    throw error;
  }
}

function placeOf(workRoot: string, user: ProcessUser | undefined): WorkerPlace {
  const folders = workerFolders(workRoot, user);
  const pipesFolder = path.join(folders.home, 'pipes');
  return {
    folders,
    pipesFolder,
    user,
    removePipes: () => rm(pipesFolder, { recursive: true }),
    async dispose() {
      // A user whose processes may go on is given to nobody else.
      if ((await user?.endProcesses()) === false) return;
      await rm(folders.home, { recursive: true, force: true, maxRetries: 3 });
      user?.free();
    },
  };
}

async function fill(places: readonly WorkerPlace[]): Promise<void> {
  for (const { folders, pipesFolder } of places) await makeFolders(folders, pipesFolder);
  await makePipes(
    places.flatMap(({ pipesFolder }) => PIPE_NAMES.map((name) => path.join(pipesFolder, name))),
    places[0]?.user?.uid,
  );
}
