// The embedded server on runtimes that do no work at once: what is left of a cell is HTTP, server and store.
// `idle-server.ts <data directory>`.
import { FakeRuntimeFactory } from '../../test/helpers/fake-runtime.js';
import { serve } from '../server/serve.js';

await serve(process.argv[2] ?? '', new FakeRuntimeFactory({ script: () => undefined }));
