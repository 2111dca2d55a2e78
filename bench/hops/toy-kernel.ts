// Our side of Jupyter with a language that does no work: `toy-kernel.ts <connection file>`.
import { Kernel, createZeromqTransport, readStartFile } from '../../src/jupyter/index.js';
import { EchoInterpreter } from '../../test/helpers/echo-interpreter.js';

const { connection } = readStartFile(process.argv[2] ?? '');
const kernel = new Kernel({
  interpreter: new EchoInterpreter(),
  transport: createZeromqTransport({ info: connection }),
});
await kernel.start();
await kernel.closed;
process.exit(0);
