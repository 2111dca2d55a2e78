// Notices that the process which started the kernel has died, so that the kernel does not stay behind.

/** What {@link watchParent} watches. */
export interface ParentWatchOptions {
  /** Process id of the parent; Jupyter gives it in `JPY_PARENT_PID`. */
  readonly pid: number;
  /** Called once, when the parent is gone. */
  readonly onGone: () => void;
  /** Milliseconds between two looks; default 1000. */
  readonly intervalMs?: number;
  /** Default: asks the system. */
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Looks every second whether the parent lives; keeps no process alive by itself.
 *
 * On Windows `JPY_PARENT_PID` is a handle, not a process id: pass `process.ppid` there.
 *
 * @returns Stops watching; may be called twice.
 * @see `ipykernel/parentpoller.py`
 */
export function watchParent(options: ParentWatchOptions): () => void {
  const isAlive = options.isAlive ?? isProcessAlive;
  const stop = (): void => {
    clearInterval(timer);
  };
  const timer = setInterval(() => {
    if (isAlive(options.pid)) return;
    stop();
    options.onGone();
  }, options.intervalMs ?? 1000);
  timer.unref();
  return stop;
}

/** Signal 0 tests for a process; a process of somebody else that may not be signalled is alive. */
function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
