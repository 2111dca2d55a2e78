// Waits for a Jupyter server that a test has started.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The address that jupyter_server or JupyterLab prints at its start, with a slash at the end. */
export async function urlOfServer(server: ChildProcess): Promise<string> {
  if (server.stderr === null) throw new Error('the server has no stderr');
  for await (const line of createInterface(server.stderr)) {
    const match = /(http:\/\/(?:127\.0\.0\.1|localhost):\d+\/)/.exec(line);
    if (match?.[1] !== undefined) {
      server.stderr.resume();
      return match[1];
    }
  }
  throw new Error('the Jupyter server ended before it told its address');
}
