// Tells the working folder of a live server from one that a crash left behind: by a lock which the system lets go
// when the process ends, however it ends. SQLite's file lock is the portable one at hand; process ids get reused.
import Database from 'libsql';

/** A held lock. */
export interface LivenessLock {
  release(): void;
}

/** Takes the lock; undefined while another server, in this process or another, holds it. */
export function tryLock(file: string): LivenessLock | undefined {
  const database = new Database(file);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('PRAGMA journal_mode = MEMORY'); // no second file beside it
    database.exec('BEGIN EXCLUSIVE');
  } catch {
    // Busy is the answer that was asked for; a file that cannot be locked at all counts as in use, too.
    database.close();
    return undefined;
  }
  return {
    release: () => {
      database.exec('ROLLBACK'); // close() alone lets go of the lock some time later only
      database.close();
    },
  };
}
