// Ends what is left of a server's processes when the server itself is killed: copies of a process do not die with the
// process that they were copied from, and one that is busy does not notice that nobody waits for it.
import { spawn } from 'node:child_process';

/** A process beside this one. */
export interface Watchdog {
  /** Ends it; it does nothing more. */
  close(): void;
}

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

/** @param folder - The server's own: no other process has it in its environment. */
export function startWatchdog(folder: string): Watchdog {
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
  return {
    close() {
      child.kill('SIGKILL');
      child.stdin.destroy();
    },
  };
}
