// Ends what is left of a server's processes when the server itself is killed: copies of a process do not die with the
// process that they were copied from, and one that is busy does not notice that nobody waits for it.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Waits for the end of its input, which is the end of the server. Every process of the server has the server's own
 * folder in its environment, as the place of temporary files. Processes may still be made while others are ended:
 * therefore again, until there is none.
 */
const SCRIPT = `
read -r line
while :; do
  found=
  for file in /proc/[0-9]*/environ; do
    if grep -aqF "$1/" "$file" 2>/dev/null; then
      pid=\${file#/proc/}
      kill -9 "\${pid%/environ}" 2>/dev/null && found=yes
    fi
  done
  [ -n "$found" ] || break
done
rm -rf "$1"
`;

/** A process beside this one, from the first time that it is wanted. */
export class Watchdog {
  readonly #folder: string;
  #child: ChildProcessByStdio<Writable, null, null> | undefined;

  /** @param folder - The server's own: no other process has it in its environment. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Watches from now on. */
  watch(): void {
    this.#child ??= startWatching(this.#folder);
  }

  /** Ends it; it does nothing more. */
  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child?.stdin.destroy();
  }
}

function startWatching(folder: string): ChildProcessByStdio<Writable, null, null> {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', folder], {
    // Signals to the server's group, as Ctrl-C, are not for it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  child.on('error', () => undefined); // without a shell there is no watchdog
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
