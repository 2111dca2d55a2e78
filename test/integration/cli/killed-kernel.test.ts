// A kernel process that is killed, and the next one of its notebook: real kernels, a real embedded server.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Surroundings } from '../../helpers/command-line.js';
import { writeConnectionFile, type ConnectionFile } from '../../helpers/connection-file.js';
import { KernelClient } from '../../helpers/kernel-client.js';
import { isMissing } from '../../helpers/requirements.js';
import { sessionPython } from '../bridge/harness.js';

const TOLD =
  /^A session of an earlier kernel of this notebook is still there, with its variables: %session attach ([\da-f]{8}) takes it up \(%session close \1 ends it\)\.\n/;

const LANGUAGES = [
  {
    language: 'r',
    keep: 'kept <- 17',
    keptIs: /^\[1\] 17/,
    second: '%%python',
    keepIn: 'kept = 17',
  },
  { language: 'python', keep: 'kept = 17', keptIs: /^17/, second: '%%r', keepIn: 'kept <- 17' },
] as const;

/** `off`: as against a genuine R Server, by the documented calls alone. */
const combinations = (['auto', 'off'] as const).flatMap((extensions) =>
  LANGUAGES.map((language) => ({ extensions, ...language })),
);

interface RunningKernel {
  readonly front: KernelClient;
  readonly child: ChildProcess;
}

/** What one cell showed. */
interface Shown {
  readonly stdout: string;
  readonly stderr: string;
  readonly value: string;
}

describe.skipIf(process.platform === 'win32' || isMissing('R')).each(combinations)(
  'after a killed kernel, $language, extensions $extensions',
  ({ language, extensions, keep, keptIs, second, keepIn }) => {
    let here: Surroundings;
    let connection: ConnectionFile;
    const kernels: RunningKernel[] = [];
    beforeEach(() => {
      here = new Surroundings({ RSERVER_PYTHON: sessionPython, RSERVER_EXTENSIONS: extensions });
      here.env['JPY_SESSION_NAME'] = path.join(here.directory, 'trees.ipynb');
      connection = writeConnectionFile(here.directory);
    });
    afterEach(async () => {
      for (const { front } of kernels.splice(0)) {
        front.forgetUnread();
        await front.close();
      }
      await here.close();
    });

    async function start(): Promise<RunningKernel> {
      const child = here.start(['kernel', connection.file, '--language', language]);
      const kernel = { child, front: await KernelClient.connect(connection.info) };
      kernels.push(kernel);
      return kernel;
    }

    async function kill({ child }: RunningKernel, sessions = 1): Promise<void> {
      // They are noted in the background.
      await expect.poll(notes, { timeout: 20_000 }).toHaveLength(sessions);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    async function shutDown({ front, child }: RunningKernel, restart: boolean): Promise<void> {
      front.send('control', 'shutdown_request', { restart });
      await once(child, 'exit');
    }

    /** Runs cells that run no code until one of them shows something on stderr. */
    async function told(kernel: RunningKernel): Promise<string> {
      let stderr = '';
      await expect
        .poll(async () => (stderr = (await run(kernel, '%lsmagic')).stderr), { timeout: 20_000 })
        .not.toBe('');
      return stderr;
    }

    function notes(): readonly string[] {
      const folder = path.join(here.directory, 'data', 'kernel-sessions');
      return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
    }

    test('the next one tells of the session, once, and takes it up', async () => {
      const first = await start();
      await run(first, keep);
      await kill(first);
      const next = await start();
      const ownId = await sessionId(next);

      const words = await told(next);
      const shortId = TOLD.exec(words)?.[1] ?? '';
      const again = await run(next, '%lsmagic');
      const attached = await run(next, `%session attach ${shortId}`);
      const kept = await run(next, 'kept');
      const list = await run(next, '%session list');

      expect(words).toMatch(TOLD);
      expect(again.stderr).toBe('');
      expect(attached.stdout).toMatch(/^Attached to session "trees\.ipynb \(/);
      expect(kept.value).toMatch(keptIs);
      // The one that was opened for nothing is gone.
      expect(list.value).not.toContain(ownId);
      expect(list.value).toContain(shortId);

      await shutDown(next, false);
      const last = await start();
      const afterAll = await run(last, '%session list');
      expect(afterAll.value).not.toContain(shortId);
    });

    // What follows is the same over the documented API.
    if (extensions === 'off') return;

    test('that of its second language is told and taken up, too', async () => {
      const first = await start();
      await run(first, keep);
      await run(first, `${second}\n${keepIn}`);
      await kill(first, 2);
      const next = await start();
      await told(next);
      await run(next, `${second}\n1`);

      const words = await told(next);
      const shortId = /attach ([\da-f]{8}) in a (%%\w+) cell takes it up/.exec(words);
      await run(next, `${second}\n%session attach ${shortId?.[1] ?? ''}`);
      const kept = await run(next, `${second}\nkept + 1`);

      expect(shortId?.[2]).toBe(second);
      expect(kept.value).toContain('18');
    });

    test('it can be closed instead', async () => {
      const first = await start();
      await run(first, keep);
      await kill(first);
      const next = await start();
      const shortId = TOLD.exec(await told(next))?.[1] ?? '';

      const closed = await run(next, `%session close ${shortId}`);
      const list = await run(next, '%session list');

      expect(closed.stdout).toContain(`was closed: ${shortId}`);
      expect(list.value).not.toContain(shortId);
    });

    test.each([true, false])(
      'in good order (restart: %s) there is nothing to tell',
      async (restart) => {
        const first = await start();
        await run(first, keep);
        await expect.poll(notes, { timeout: 20_000 }).toHaveLength(1);

        await shutDown(first, restart);

        expect(notes()).toEqual([]);
      },
    );
  },
  120_000,
);

async function run({ front }: RunningKernel, code: string): Promise<Shown> {
  const id = front.sendExecute(code, { allow_stdin: true });
  const reply = await front.expectReply('shell', 'execute_reply', id);
  const messages = await front.drainUntilIdle(id);
  expect(reply).toMatchObject({ status: 'ok' });
  const streamed = (name: string): string =>
    messages
      .filter(({ header, content }) => header.msg_type === 'stream' && content['name'] === name)
      .map(({ content }) => String(content['text']))
      .join('');
  const value = messages
    .filter(({ header }) => /^(?:execute_result|display_data)$/.test(header.msg_type))
    .map(({ content }) => (content['data'] as Record<string, string>)['text/plain'] ?? '')
    .join('\n');
  return { stdout: streamed('stdout'), stderr: streamed('stderr'), value };
}

/** Asked by a person who cannot be shown anything beside. */
async function sessionId({ front }: RunningKernel): Promise<string> {
  const id = front.sendExecute('%session', { allow_stdin: false });
  await front.expectReply('shell', 'execute_reply', id);
  const messages = await front.drainUntilIdle(id);
  const text = JSON.stringify(messages.map(({ content }) => content));
  return /id +([\da-f-]{36})/.exec(text)?.[1] ?? '';
}
