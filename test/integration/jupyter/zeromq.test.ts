// What only real sockets can show: transports, signatures, subscriptions, the heartbeat, slow readers.
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { curveKeyPair, Dealer, Subscriber } from 'zeromq';
import { createZeromqTransport, Kernel, type ConnectionInfo } from '../../../src/jupyter/index.js';
import { EchoInterpreter } from '../../helpers/echo-interpreter.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { freePlace, openKernel, withPorts, type OpenKernel } from './open-kernel.js';

let open: OpenKernel;

afterEach(async () => {
  await open.close();
});

describe.each(['tcp', 'ipc'] as const)('over %s', (transport) => {
  test('a cell runs, asks for input and can be interrupted', async () => {
    open = await openKernel(transport);
    const { client } = open;

    const sum = client.sendExecute('1+1');
    await client.expectBusy(sum);
    await client.expectInput(sum, '1+1', 1);
    await client.expectResult(sum, '2', 1);
    await client.expectIdle(sum);
    await client.expectExecuteReply(sum, { status: 'ok' });

    const secret = client.sendExecute('ask-secret Password:');
    const request = await client.expect('stdin', 'input_request', secret);
    client.sendInput('pass wörd', request);
    await client.expectBusy(secret);
    await client.expectInput(secret, 'ask-secret Password:', 2);
    await client.expectStream(secret, 'stdout', 'got pass wörd\n');
    await client.expectIdle(secret);
    await client.expectExecuteReply(secret, { status: 'ok' });
    expect(request.content).toEqual({ prompt: 'Password:', password: true });

    const endless = client.sendExecute('wait');
    await client.expectBusy(endless);
    await client.expectInput(endless, 'wait', 3);
    await client.expectStream(endless, 'stdout', 'waiting\n');
    const interrupt = client.send('control', 'interrupt_request', {});
    await client.expectReply('control', 'interrupt_reply', interrupt);
    await client.expectExecuteReply(endless, { status: 'error', ename: 'KeyboardInterrupt' });
    await client.drainUntilIdle(endless);
    client.forgetUnread();
  });

  test('the heartbeat echoes', async () => {
    open = await openKernel(transport);
    const { info } = open;
    const socket = new Dealer({ linger: 0 });
    const separator = transport === 'tcp' ? ':' : '-';
    socket.connect(`${transport}://${info.ip}${separator}${info.heartbeatPort}`);

    await socket.send(['', 'ping ö']);
    const echo = await socket.receive();
    socket.close();

    expect(echo.map(String)).toEqual(['', 'ping ö']);
  });
});

test('a port that is taken is an error that names the address', async () => {
  open = await openKernel();
  const { info } = open;
  const second = new Kernel({
    interpreter: new EchoInterpreter(),
    transport: createZeromqTransport({ info }),
  });

  await expect(second.start()).rejects.toMatchObject({
    code: 'JUPYTER_BIND',
    facts: { address: `tcp://127.0.0.1:${info.shellPort}` },
  });
});

test('messages with a wrong, repeated or missing signature are dropped and logged', async () => {
  open = await openKernel();
  const { client, info, interpreter, warnings } = open;
  const stranger = new KernelClient(
    { onFrames: () => undefined, sendFrames: client.sendFrames.bind(client), disconnect: never },
    'another key',
  );
  const recorded: (Buffer | string)[][] = [];
  const recorder = new KernelClient(
    {
      onFrames: () => undefined,
      sendFrames: (_channel, frames) => recorded.push([...frames]),
      disconnect: never,
    },
    info.key,
  );
  recorder.sendExecute('print recorded');

  stranger.sendExecute('print stranger');
  client.sendFrames('shell', recorded[0] ?? []);
  client.sendFrames('shell', recorded[0] ?? []);
  client.sendFrames('shell', ['<IDS|MSG>', '', '{}', '{}', '{}', '{}']);
  const first = await client.next('shell');
  const last = await client.run('print last');

  expect(first.content).toMatchObject({ status: 'ok', execution_count: 1 });
  expect(last).toMatchObject({ status: 'ok', execution_count: 2 });
  expect(interpreter.requests.map(({ code }) => code)).toEqual(['print recorded', 'print last']);
  expect(warnings).toEqual([
    'Dropped a message: The signature of a message is wrong.',
    'Dropped a message: A message came a second time.',
    'Dropped a message: The signature of a message is wrong.',
  ]);
  client.forgetUnread();
});

test('malformed frames never end the loop', async () => {
  open = await openKernel();
  const { client } = open;
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('<IDS|MSG>', '', '{}', '[]').map((text) => Buffer.from(text)),
  );
  const channel = fc.constantFrom('shell' as const, 'control' as const, 'stdin' as const);
  const content = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.constant({ code: '' }));
  const type = fc.constantFrom(
    ...['execute', 'complete', 'inspect', 'is_complete', 'history', 'comm_info', 'connect'].map(
      (name) => `${name}_request`,
    ),
    ...['comm_open', 'comm_msg', 'input_reply', 'nonsense'],
  );

  fc.assert(
    fc.property(channel, fc.array(frame, { minLength: 1, maxLength: 8 }), (name, frames) => {
      client.sendFrames(name, frames);
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(channel, type, content, (name, messageType, fields) => {
      client.send(name, messageType, fields);
    }),
    { numRuns: 200 },
  );
  const control = client.send('control', 'kernel_info_request', {});
  const shell = client.sendExecute('print alive', { stop_on_error: false });
  const messages = await client.drainUntilIdle(shell);

  expect(messages.at(-1)?.content).toEqual({ name: 'stdout', text: 'alive\n' });
  const reply = await client.next('control');
  expect([reply.header.msg_type, reply.parentHeader.msg_id]).toEqual([
    'kernel_info_reply',
    control,
  ]);
  client.forgetUnread();
});

test('a front end that reconnects with its identity takes over', async () => {
  open = await openKernel();
  const { info } = open;
  const first = await KernelClient.connect(info, { identity: 'same' });
  await first.run('a');
  const second = await KernelClient.connect(info, { identity: 'same' });

  const reply = await second.run('b');

  expect(reply).toMatchObject({ status: 'ok', execution_count: 2 });
  first.forgetUnread();
  second.forgetUnread();
  open.client.forgetUnread();
  await Promise.all([first.close(), second.close()]);
});

test('the welcome is the first message that a subscriber gets', async () => {
  open = await openKernel();
  const { client, info } = open;
  const subscriptions = ['', 'kernel.', 'nothing has this topic'];
  const welcomes: unknown[] = [];

  for (const topic of subscriptions) {
    const subscriber = new Subscriber({ linger: 0 });
    subscriber.connect(`tcp://127.0.0.1:${info.iopubPort}`);
    subscriber.subscribe(topic);
    const frames = await subscriber.receive();
    welcomes.push(messageOf(frames));
    subscriber.close();
  }

  expect(welcomes).toEqual(
    subscriptions.map((subscription) => ['iopub_welcome', '{}', { subscription }]),
  );
  client.forgetUnread();
});

test('a subscriber that comes while much is being published is welcomed too', async () => {
  open = await openKernel();
  const { client, info } = open;
  let welcomeCount = 0;
  const publisher = { isDone: false };
  const publishing = (async () => {
    while (!publisher.isDone) await client.run('repeat 20 text');
  })();

  for (let round = 0; round < 10; round += 1) {
    const subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    subscriber.connect(`tcp://127.0.0.1:${info.iopubPort}`);
    subscriber.subscribe('');
    for await (const frames of subscriber) {
      if (messageOf(frames)[0] !== 'iopub_welcome') continue;
      welcomeCount += 1;
      break;
    }
    subscriber.close();
  }
  publisher.isDone = true;
  await publishing;

  expect(welcomeCount).toBe(10);
  client.forgetUnread();
});

test('the heartbeat goes on while the event loop is blocked', async () => {
  open = await openKernel();
  const { client, info } = open;
  const pinger = new Worker(PINGER, {
    eval: true,
    workerData: `tcp://127.0.0.1:${info.heartbeatPort}`,
  });
  await once(pinger, 'message');

  const pinged = once(pinger, 'message');
  pinger.postMessage('go');
  const id = client.sendExecute('block 1000');
  await client.expectStatus('busy', id);
  const blockedUntil = Date.now();
  const pingedAt = (await pinged) as number[];
  await client.drainUntilIdle(id);
  await client.next('shell');

  // All of this ran in one process: had the echo needed its event loop, no ping came back before it was free.
  expect(pingedAt.filter((at) => at < blockedUntil).length).toBeGreaterThan(20);
});

test('a subscriber that reads late gets every one of 100 000 messages', async () => {
  open = await openKernel();
  const { client, info } = open;
  const subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 10 });
  subscriber.connect(`tcp://127.0.0.1:${info.iopubPort}`);
  subscriber.subscribe('kernel.');
  const lastIndex = 99_999;

  const reply = await client.run(`show-each ${lastIndex + 1}`);
  const indexes: number[] = [];
  for await (const frames of subscriber) {
    const [type, , content] = messageOf(frames);
    if (type !== 'display_data') continue;
    const index = Number((content as { data: Record<string, string> }).data['text/plain']);
    indexes.push(index);
    if (index === lastIndex) break;
  }
  subscriber.close();

  expect(reply).toMatchObject({ status: 'ok' });
  expect(indexes).toEqual(Array.from({ length: lastIndex + 1 }, (_, index) => index));
  client.forgetUnread();
}, 90_000);

test('100 000 printed lines arrive whole and in order', async () => {
  open = await openKernel();
  const { client } = open;

  const id = client.sendExecute('repeat 100000 lines of text');
  const messages = await client.drainUntilIdle(id);
  await client.expectExecuteReply(id, { status: 'ok' });

  const text = messages
    .filter(({ header }) => header.msg_type === 'stream')
    .map(({ content }) => String(content['text']))
    .join('');
  const expected = Array.from({ length: 100_000 }, (_, n) => `${n} lines of text\n`).join('');
  expect(text === expected).toBe(true);
});

test('with CURVE keys an encrypted client gets in and a plain one does not', async () => {
  open = await openKernel();
  const server = curveKeyPair();
  const place = freePlace('tcp');
  const kernel = new Kernel({
    interpreter: new EchoInterpreter(),
    transport: createZeromqTransport({ info: { ...place.info, curve: server } }),
  });
  const info: ConnectionInfo = withPorts(place.info, await kernel.start());
  const plain = new Dealer({ linger: 0, receiveTimeout: 300 });
  plain.connect(`tcp://127.0.0.1:${info.heartbeatPort}`);
  const keys = curveKeyPair();
  const encrypted = new Dealer({
    linger: 0,
    curveServerKey: server.publicKey,
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey,
  });
  encrypted.connect(`tcp://127.0.0.1:${info.heartbeatPort}`);

  await encrypted.send('secret ping');
  await plain.send('plain ping');
  const [echo] = await encrypted.receive();
  const refused = plain.receive();

  expect(String(echo)).toBe('secret ping');
  await expect(refused).rejects.toHaveProperty('code', 'EAGAIN');
  for (const socket of [plain, encrypted]) socket.close();
  await kernel.close();
  place.remove();
});

/** Says ready, then, told to go, pings for half a second and posts when each ping came back. */
const PINGER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Request } = require('zeromq');
  (async () => {
    const socket = new Request({ linger: 0 });
    socket.connect(workerData);
    const ping = async () => {
      await socket.send('ping');
      await socket.receive();
      return Date.now();
    };
    await ping();
    parentPort.postMessage('ready');
    await new Promise((resolve) => parentPort.once('message', resolve));
    const times = [];
    const start = Date.now();
    while (Date.now() - start < 500) times.push(await ping());
    socket.close();
    parentPort.postMessage(times);
    parentPort.close();
  })();
`;

/** Type, parent header and content of a message on IOPub. */
function messageOf(frames: Buffer[]): [type: unknown, parentHeader: string, content: unknown] {
  const header = JSON.parse(String(frames[3])) as Record<string, unknown>;
  return [header['msg_type'], String(frames[4]), JSON.parse(String(frames[6]))];
}

function once(worker: Worker, event: 'message'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once(event, resolve);
    worker.once('error', reject);
  });
}

const never = (): Promise<void> => Promise.resolve();

describe('a front end that reads slowly', () => {
  test('loses nothing, and a program that prints much waits for it', async () => {
    open = await openKernel('tcp');
    const { client, info, interpreter } = open;
    const slow = await subscribe(info);
    const behind = new Promise<void>((resolve) => {
      interpreter.onBehind = resolve;
    });

    const cell = client.sendExecute('flood 1000');
    await behind;
    const countBefore = interpreter.floodedCount;
    const lines: string[] = [];
    for await (const frames of slow) {
      const [type, , content] = messageOf(frames);
      const { text = '', execution_state: state } = content as {
        text?: string;
        execution_state?: string;
      };
      if (type === 'stream') lines.push(...text.split('\n').slice(0, -1));
      if (state === 'idle') break;
    }
    slow.close();
    await client.expectExecuteReply(cell, { status: 'ok' });

    expect(countBefore).toBeLessThan(900);
    expect(lines.map((line) => Number(line.split(' ', 1)[0]))).toEqual(
      Array.from({ length: 1000 }, (_, line) => line),
    );
    client.forgetUnread();
  });
});

/** A subscriber of everything that takes as little ahead as it can; it reads nothing by itself. */
async function subscribe({ ip, iopubPort }: ConnectionInfo): Promise<Subscriber> {
  const subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 1 });
  subscriber.connect(`tcp://${ip}:${iopubPort}`);
  subscriber.subscribe();
  await subscriber.receive(); // the welcome
  return subscriber;
}
