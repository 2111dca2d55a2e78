// The embedded server in a process of its own, to be killed: `server.ts <data directory> <python>` prints its URL.
import path from 'node:path';
import { createRuntimePool } from '../../src/runtimes/index.js';
import { createSecretVerifier, createServer } from '../../src/server/index.js';

const [dataDirectory = '', python = 'python3'] = process.argv.slice(2);
const runtimes = createRuntimePool({
  r: { warmCount: 0 },
  python: { command: python, warmCount: 0 },
  workRoot: path.join(dataDirectory, 'work'),
  env: process.env,
});
const server = await createServer({
  dataDirectory,
  runtimes,
  accounts: createSecretVerifier('admin', 'load'),
  version: '0.0.0',
});
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));

process.once('SIGTERM', () => {
  void server
    .close()
    .then(() => runtimes.close())
    .then(() => process.exit(0));
});
