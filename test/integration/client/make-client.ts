// A client for tests that is closed when its test ends.
import { onTestFinished } from 'vitest';
import { RServerClient, type ClientOptions } from '../../../src/client/index.js';
import {
  startFaultServer,
  type FaultServer,
  type FaultServerTls,
} from '../../helpers/fault-server.js';

/** The password of every test login; no message may ever show it. */
export const PASSWORD = 'correct-horse-battery';

/** A client of this server, logged in as alice when asked to. */
export function makeClient(url: string, options: Partial<ClientOptions> = {}): RServerClient {
  const client = new RServerClient({
    url,
    auth: { type: 'password', username: 'alice', password: PASSWORD },
    ...options,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** A fault server that is closed when its test ends. */
export async function serve(tls?: FaultServerTls): Promise<FaultServer> {
  const server = await startFaultServer(tls);
  onTestFinished(() => server.close());
  return server;
}
