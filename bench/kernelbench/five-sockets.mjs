// The least that a kernel in Node can be: it binds its five sockets and says busy, reply and idle to every request.
// `node five-sockets.mjs CONNECTION_FILE`. Its start is the floor of ours, its round trip that of Node and ZeroMQ.
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Publisher, Reply, Router } from 'zeromq';

const connection = JSON.parse(readFileSync(argv[2] ?? '', 'utf8'));
const open = (socket, name) => {
  socket.bindSync(`tcp://127.0.0.1:${connection[`${name}_port`]}`);
  return socket;
};
const iopub = open(new Publisher({ sendHighWaterMark: 0 }), 'iopub');
const shell = open(new Router(), 'shell');
const control = open(new Router(), 'control');
const heartbeat = open(new Reply(), 'hb');
open(new Router(), 'stdin');

const session = randomUUID();
let sentCount = 0;
let executionCount = 0;

function framesOf(type, parent, content) {
  const header = {
    msg_id: `${session}_${++sentCount}`,
    username: 'kernel',
    session,
    msg_type: type,
    version: '5.3',
    date: new Date().toISOString(),
  };
  const parts = [JSON.stringify(header), parent, '{}', JSON.stringify(content)];
  const signature = createHmac('sha256', connection.key).update(parts.join('')).digest('hex');
  return ['<IDS|MSG>', signature, ...parts];
}

const CONTENTS = {
  kernel_info_request: () => ({
    status: 'ok',
    protocol_version: '5.3',
    implementation: 'five-sockets',
    language_info: { name: 'none', version: '0', mimetype: 'text/plain', file_extension: '.txt' },
  }),
  execute_request: () => ({ status: 'ok', execution_count: ++executionCount }),
};

async function serve(socket) {
  for await (const frames of socket) {
    const at = frames.findIndex((frame) => frame.toString() === '<IDS|MSG>');
    const parent = frames[at + 2].toString();
    const { msg_type: type } = JSON.parse(parent);
    const say = (state) =>
      iopub.send(['status', ...framesOf('status', parent, { execution_state: state })]);
    await say('busy');
    const content = CONTENTS[type]?.() ?? { status: 'ok' };
    await socket.send([
      ...frames.slice(0, at),
      ...framesOf(type.replace('_request', '_reply'), parent, content),
    ]);
    await say('idle');
    if (type === 'shutdown_request') void delay(50).then(() => exit(0));
  }
}

void serve(shell);
void serve(control);
for await (const frames of heartbeat) await heartbeat.send(frames);
