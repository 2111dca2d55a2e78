// What no honest front end sends: whatever comes, the kernel lives on and answers kernel_info afterwards.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RequestChannel } from '../../../src/jupyter/transport/transport.js';
import { Signer } from '../../../src/jupyter/wire/signature.js';
import type { KernelClient } from '../../helpers/kernel-client.js';
import { openKernel, type OpenKernel } from './open-kernel.js';

const TIMEOUT_MS = 120_000;
const CHANNELS: readonly RequestChannel[] = ['shell', 'control', 'stdin'];
/** Types that have a handler; `shutdown_request` would do what it says. */
const KNOWN_TYPES = [
  'execute_request',
  'complete_request',
  'inspect_request',
  'is_complete_request',
  'history_request',
  'kernel_info_request',
  'connect_request',
  'comm_info_request',
  'comm_open',
  'comm_msg',
  'comm_close',
  'interrupt_request',
  'usage_request',
  'debug_request',
  'create_subshell_request',
  'delete_subshell_request',
  'list_subshell_request',
  'input_reply',
];
const FIELDS = [
  'code',
  'silent',
  'store_history',
  'user_expressions',
  'allow_stdin',
  'stop_on_error',
  'cursor_pos',
  'detail_level',
  'hist_access_type',
  'n',
  'session',
  'start',
  'stop',
  'pattern',
  'unique',
  'comm_id',
  'target_name',
  'data',
  'subshell_id',
  'command',
  'arguments',
  'seq',
  'value',
  '__proto__',
];

let open: OpenKernel;
let client: KernelClient;

beforeEach(async () => {
  open = await openKernel();
  open.interpreter.info = { ...open.interpreter.info, debugger: true };
  client = open.client;
});

afterEach(async () => {
  // Everything that was sent has been dealt with when this cell is through.
  await client.drainUntilIdle(client.sendExecute(''));
  client.forgetUnread();
  await open.close();
});

/** Sends `kernel_info_request` on shell and control and waits for both replies, whatever comes before them. */
async function expectAlive(): Promise<void> {
  for (const channel of ['shell', 'control'] as const) {
    const id = client.send(channel, 'kernel_info_request', {});
    for (;;) {
      const { parentHeader, content } = await client.next(channel);
      if (parentHeader.msg_id !== id) continue;
      expect(content).toMatchObject({ status: 'ok', implementation: 'echo' });
      break;
    }
  }
}

const channel = fc.constantFrom(...CHANNELS);
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const jsonValue = fc.jsonValue({ maxDepth: 3 });
/** JSON objects with the names of real fields, so that values of every type get to every handler. */
const absurdContent = fc.dictionary(fc.constantFrom(...FIELDS), jsonValue, { maxKeys: 8 });

test(
  'frames of any number and content',
  async () => {
    const frame = fc.oneof(
      bytes,
      fc.constantFrom(
        ...['<IDS|MSG>', '{}', '[]', '{', 'null', '\ud800', ''].map((text) => Buffer.from(text)),
      ),
    );
    const frames = fc.array(frame, { minLength: 1, maxLength: 10 });

    await fc.assert(
      fc.asyncProperty(channel, fc.array(frames, { maxLength: 8 }), async (where, messages) => {
        for (const message of messages) client.sendFrames(where, message);
        await expectAlive();
      }),
      { numRuns: 60 },
    );
  },
  TIMEOUT_MS,
);

test(
  'signed parts that are not what the protocol says',
  async () => {
    const signer = new Signer(open.info.key);
    const part = fc.oneof(
      bytes.map(String),
      fc.json(),
      fc.constantFrom('{}', '{"msg_id":1}', '{"msg_id":"a","msg_type":null}', '{"msg_type":"x"}'),
    );
    const parts = fc.tuple(part, part, part, part);

    await fc.assert(
      fc.asyncProperty(channel, parts, async (where, signed) => {
        client.sendFrames(where, ['<IDS|MSG>', signer.sign(signed), ...signed]);
        await expectAlive();
      }),
      { numRuns: 60 },
    );
  },
  TIMEOUT_MS,
);

test(
  'a valid message whose signature was changed anywhere',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(63),
        fc.constantFrom('0', '7', 'a', 'f', 'X', 'g', ' '),
        async (at, digit) => {
          const header = JSON.stringify({ msg_id: 'a', msg_type: 'execute_request', session: 's' });
          const parts = [header, '{}', '{}', '{"code":"print forged"}'];
          const right = new Signer(open.info.key).sign(parts);
          fc.pre(right.charAt(at) !== digit);
          const wrong = right.slice(0, at) + digit + right.slice(at + 1);

          client.sendFrames('shell', ['<IDS|MSG>', wrong, ...parts]);
          await expectAlive();
        },
      ),
      { numRuns: 40 },
    );
    expect(open.interpreter.requests).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'content of wrong types for every request',
  async () => {
    const type = fc.constantFrom(...KNOWN_TYPES);
    const message = fc.record({
      where: channel,
      type,
      content: absurdContent,
      metadata: absurdContent,
    });

    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 10 }), async (messages) => {
        for (const { where, type: name, content, metadata } of messages) {
          client.send(where, name, content, { metadata });
        }
        await expectAlive();
      }),
      { numRuns: 80 },
    );
  },
  TIMEOUT_MS,
);

test(
  'types that nobody knows, and headers of any kind',
  async () => {
    const header = fc.record(
      {
        session: jsonValue,
        username: jsonValue,
        date: jsonValue,
        version: jsonValue,
        subshell_id: jsonValue,
        msg_id: fc.string({ minLength: 1 }),
      },
      { requiredKeys: [] },
    );
    const type = fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', ...KNOWN_TYPES));

    await fc.assert(
      fc.asyncProperty(
        channel,
        type,
        header,
        absurdContent,
        async (where, name, fields, content) => {
          fc.pre(name !== 'shutdown_request');
          client.send(where, name, content, { header: fields });
          await expectAlive();
        },
      ),
      { numRuns: 120 },
    );
  },
  TIMEOUT_MS,
);

describe('huge messages', () => {
  const SIZE = 64 * 1024 * 1024;

  test(
    'a cell of 64 MB runs, and its value comes back whole',
    { timeout: TIMEOUT_MS },
    async () => {
      const code = 'x'.repeat(SIZE);

      const id = client.sendExecute(code);
      const result = (await client.drainUntilIdle(id)).find(
        ({ header }) => header.msg_type === 'execute_result',
      );

      expect((result?.content['data'] as Record<string, string>)['text/plain']?.length).toBe(SIZE);
      await expectAlive();
    },
  );

  test('a buffer of 64 MB goes through a comm and back', { timeout: TIMEOUT_MS }, async () => {
    const target = { comm_id: 'c1', target_name: 'echo', data: {} };
    await client.drainUntilIdle(client.send('shell', 'comm_open', target));
    const buffer = Buffer.alloc(SIZE, 'ab');

    const id = client.send('shell', 'comm_msg', { comm_id: 'c1', data: {} }, { buffers: [buffer] });
    const answer = (await client.drainUntilIdle(id)).find(
      ({ header }) => header.msg_type === 'comm_msg',
    );

    expect(answer?.buffers[0]?.equals(buffer)).toBe(true);
    await expectAlive();
  });

  test('a header of 1 MB comes back as parent header', { timeout: TIMEOUT_MS }, async () => {
    const username = 'u'.repeat(1024 * 1024);

    const id = client.sendExecute('1', {}, { header: { username } });

    expect((await client.expect('shell', 'execute_reply', id)).parentHeader['username']).toBe(
      username,
    );
    await client.drainUntilIdle(id);
  });

  test('10 000 small requests at once are all answered', { timeout: TIMEOUT_MS }, async () => {
    const ids = Array.from({ length: 10_000 }, () =>
      client.send('shell', 'complete_request', { code: 'pr', cursor_pos: 2 }),
    );

    const answered = new Set<unknown>();
    for (const { length } = ids; answered.size < length;) {
      answered.add((await client.next('shell')).parentHeader.msg_id);
    }
    await expectAlive();
  });
});

describe('answers on stdin', () => {
  test('that come before, twice, late or for something else change nothing', async () => {
    const stray = { msg_id: 'nothing', msg_type: 'input_request' };
    client.send('stdin', 'input_reply', { value: 'early' });
    client.send('stdin', 'input_reply', { value: 'stray' }, { parentHeader: stray });
    await expectAlive();

    const id = client.sendExecute('ask one?\nask two?');
    const first = await client.expect('stdin', 'input_request', id);
    client.send('stdin', 'input_reply', { value: 'stray' }, { parentHeader: stray });
    client.sendInput('1', first);
    client.sendInput('1 again', first);
    const second = await client.expect('stdin', 'input_request', id);
    client.sendInput('late for one', first);
    client.sendInput('2', second);
    const outputs = await client.drainUntilIdle(id);
    client.sendInput('late for two', second);

    const texts = outputs.map(({ content }) => content['text']).filter(Boolean);
    expect(texts.join('')).toBe('got 1\ngot 2\n');
    await expectAlive();
  });

  test('without a value, or with one of another type, are a refusal', async () => {
    for (const content of [{}, { value: 1 }, { value: null }, { status: 'error', value: ['x'] }]) {
      const id = client.sendExecute('ask ?', { stop_on_error: false });
      const request = await client.expect('stdin', 'input_request', id);
      client.send('stdin', 'input_reply', content, { parentHeader: request.header });

      await client.expectExecuteReply(id, {
        status: 'error',
        evalue: 'The front end gave no answer to a request for input.',
      });
    }
    await expectAlive();
  });

  test('from a front end that was not asked count only by the question they name', async () => {
    const id = client.sendExecute('ask ?');
    const request = await client.expect('stdin', 'input_request', id);

    client.send(
      'shell',
      'input_reply',
      { value: 'wrong channel' },
      { parentHeader: request.header },
    );
    client.sendInput('right', request);

    const outputs = await client.drainUntilIdle(id);
    expect(outputs.some(({ content }) => content['text'] === 'got right\n')).toBe(true);
  });
});
