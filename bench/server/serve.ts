// Serves the REST API on runtimes of the caller's, for one user, until SIGTERM; prints a line of JSON with its address.
import type { RuntimeFactory } from '../../src/runtimes/index.js';
import { createSecretVerifier, createServer } from '../../src/server/index.js';

const USER = { username: 'admin', password: 'bench' };

export async function serve(
  dataDirectory: string,
  runtimes: RuntimeFactory & { close(): Promise<void> },
): Promise<void> {
  const server = await createServer({
    dataDirectory,
    runtimes,
    accounts: createSecretVerifier(USER.username, USER.password),
    version: '0.0.0',
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const login = await fetch(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(USER),
  });
  const { access_token: token } = (await login.json()) as { readonly access_token: string };
  console.log(JSON.stringify({ url, token, ...USER }));
  process.once('SIGTERM', () => {
    void server
      .close()
      .then(() => runtimes.close())
      .then(() => process.exit(0));
  });
}
