// OS users for processes, by number: a block of a range belongs to one server at a time, a number to one process at a time.
import { randomInt, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RuntimeProcessError } from '../errors.js';

/** Numbers for users that no account has. */
export interface UserRange {
  readonly firstUid: number;
  readonly uidCount: number;
}

/** More than the processes that one server has at a time. */
const BLOCK_SIZE = 1_000;
/** What systemd calls unused: above the users of containers. @see https://systemd.io/UIDS-GIDS/ */
const HIGH_RANGE: UserRange = { firstUid: 1_900_000_000, uidCount: 1_000_000 };
/** For containers that have 16 bits of users. */
const LOW_RANGE: UserRange = { firstUid: 50_000, uidCount: 10_000 };

/** The first of the usual ranges that exists here. @param uidMap - Content of `/proc/self/uid_map`. */
export function defaultRange(uidMap: string): UserRange | undefined {
  const spans = uidMap
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return [HIGH_RANGE, LOW_RANGE].find(({ firstUid, uidCount }) =>
    spans.some(
      ([first = 0, , count = 0]) => firstUid >= first && firstUid + uidCount <= first + count,
    ),
  );
}

/** A block of a range, held against other servers of this machine until it is closed. */
export class UserBlock {
  readonly firstUid: number;
  readonly #count: number;
  readonly #claim: string;
  readonly #taken = new Set<number>();
  #next: number;

  private constructor(firstUid: number, count: number, claim: string) {
    this.firstUid = firstUid;
    this.#count = count;
    this.#claim = claim;
    // A number is used again as late as can be: what its last user left behind may still be somewhere.
    this.#next = randomInt(count);
    for (const uid of usersOfProcesses()) this.#taken.add(uid);
  }

  /**
   * Whoever wants a block first says so and then looks whether another one does: so two servers may both go elsewhere, but
   * never have the same.
   *
   * @param folder - Where the servers of this machine say which blocks they have.
   * @throws {RuntimeProcessError} `RUNTIME_ISOLATION` when others have all of them.
   */
  static claim(folder: string, { firstUid, uidCount }: UserRange): UserBlock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const size = Math.min(BLOCK_SIZE, uidCount);
    const blockCount = Math.floor(uidCount / size);
    const start = randomInt(blockCount);
    for (let i = 0; i < blockCount; i += 1) {
      const first = firstUid + ((start + i) % blockCount) * size;
      const name = `${first}-${process.pid}-${startOf(process.pid) ?? ''}-${randomUUID()}`;
      const claim = path.join(folder, name);
      writeFileSync(claim, '', { mode: 0o600 });
      if (!isWantedByOthers(folder, name, first, first + size))
        return new UserBlock(first, size, claim);
      rmSync(claim, { force: true });
    }
    throw new RuntimeProcessError(
      'RUNTIME_ISOLATION',
      'Other servers of this machine have all OS users of the range.',
    );
  }

  /** @throws {RuntimeProcessError} `RUNTIME_POOL_FULL` when every number is in use. */
  take(): number {
    for (let i = 0; i < this.#count; i += 1) {
      const uid = this.firstUid + ((this.#next + i) % this.#count);
      if (this.#taken.has(uid)) continue;
      this.#next = uid - this.firstUid + 1;
      this.#taken.add(uid);
      return uid;
    }
    throw new RuntimeProcessError('RUNTIME_POOL_FULL', `All ${this.#count} OS users are in use.`);
  }

  free(uid: number): void {
    this.#taken.delete(uid);
  }

  close(): void {
    rmSync(this.#claim, { force: true });
  }
}

/** Also takes away what servers have left that are no more. Blocks of another size may overlap. */
function isWantedByOthers(folder: string, own: string, first: number, end: number): boolean {
  return readdirSync(folder).some((name) => {
    const [, uid, pid, startedAt] = /^(\d+)-(\d+)-(\d*)-/.exec(name) ?? [];
    if (uid === undefined || name === own) return false;
    if (startOf(Number(pid)) !== startedAt) {
      rmSync(path.join(folder, name), { force: true });
      return false;
    }
    return Number(uid) < end && Number(uid) + BLOCK_SIZE > first;
  });
}

/**
 * Processes may have outlived a server that was killed. Their users are given to nobody, and they are left alone, since
 * in a range of one's own choice they may be somebody's.
 */
function usersOfProcesses(): Set<number> {
  const users = new Set<number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // Not the owner of the folder: a process can make that root.
    for (const uid of /^Uid:\t(.*)$/m
      .exec(readOrNothing(`/proc/${name}/status`))?.[1]
      ?.split('\t') ?? []) {
      users.add(Number(uid));
    }
  }
  return users;
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // the process has ended meanwhile
  }
}

/** When a process began, in the kernel's own count; undefined when there is none of this number. */
function startOf(pid: number): string | undefined {
  // The second field is a name in parentheses, which may hold anything.
  const fields = readOrNothing(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields[19];
}
