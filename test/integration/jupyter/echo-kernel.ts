// A program: the echo kernel as a process of its own. Arguments: the connection file, then what to do with itself.
import { writeFileSync } from 'node:fs';
import { createZeromqTransport, Kernel, readConnectionFile } from '../../../src/jupyter/index.js';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';

const [connectionFile = '', portsFile = '', mode = ''] = process.argv.slice(2);
const interpreter = new EchoInterpreter();
interpreter.isShutdownStuck = mode === 'stuck';
const info = readConnectionFile(connectionFile);
const kernel = new Kernel({ interpreter, transport: createZeromqTransport({ info }) });
const ports = await kernel.start();
writeFileSync(portsFile, JSON.stringify(ports));
process.stdout.write('bound\n');
if (mode === 'exit') process.exit(3);
if (mode === 'crash') throw new Error('crash');
await kernel.closed;
