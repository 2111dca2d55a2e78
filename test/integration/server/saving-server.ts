// A server in a process of its own, to be killed: `saving-server.ts <data directory>` prints its URL.
// Code `hang` makes the next save of a session stop half-way, after the line `half` is printed.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createServer } from '../../../src/server/index.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';

const [dataDirectory = ''] = process.argv.slice(2);

const runtimes = new FakeRuntimeFactory({
  script: ({ code, runtime }) => {
    if (code !== 'hang') return;
    runtime.saveSnapshot = async (folder) => {
      await writeFile(path.join(folder, 'workspace.RData'), 'half of a workspa');
      await mkdir(path.join(folder, 'files'));
      console.log('half');
      await new Promise(() => undefined);
    };
  },
});
const server = await createServer({
  dataDirectory,
  runtimes,
  accounts: () => Promise.resolve(true),
  version: '0.0.0',
});
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));
