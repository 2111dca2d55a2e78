// A server in a process of its own, to be killed: `serving-server.ts <data directory>` prints its URL, then a line for
// each call of a service. Code `double` makes y of x.
import { createServer } from '../../../src/server/index.js';
import { FakeRuntimeFactory } from '../../helpers/fake-runtime.js';

const [dataDirectory = ''] = process.argv.slice(2);

const runtimes = new FakeRuntimeFactory({
  script: ({ code, runtime }) => {
    if (code !== 'double') return;
    console.log('call');
    runtime.objects.set('y', Number(runtime.objects.get('x')) * 2);
  },
});
const server = await createServer({
  dataDirectory,
  runtimes,
  accounts: () => Promise.resolve(true),
  version: '0.0.0',
});
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));
