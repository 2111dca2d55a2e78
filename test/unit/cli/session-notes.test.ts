import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginningOf, FileSessionNotes } from '../../../src/cli/session-notes.js';

/** Larger than any process id that a system gives out. */
const DEAD_PID = 2 ** 30;
const DAY_S = 24 * 3600;
const NOTEBOOK = '/home/ada/trees.ipynb';

describe('notes of the sessions that kernels use', () => {
  let directory: string;
  let notes: FileSessionNotes;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    notes = new FileSessionNotes(directory, NOTEBOOK);
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** A note as another kernel leaves it; by default one of this notebook that was killed. */
  function leave(
    sessionId: string,
    fields: { pid?: number; host?: string; notebook?: string; beginning?: string } = {},
    ageS = 0,
  ): void {
    const note = { isOwn: true, notebook: NOTEBOOK, host: hostname(), pid: DEAD_PID, ...fields };
    const file = path.join(directory, `${sessionId}-${String(note.pid)}.json`);
    writeFileSync(file, JSON.stringify({ sessionId, ...note }));
    const at = Date.now() / 1000 - ageS;
    utimesSync(file, at, at);
  }

  async function found(from = notes): Promise<readonly string[]> {
    return (await from.ofEndedKernels()).map(({ sessionId }) => sessionId);
  }

  test('lead to the sessions of killed kernels of the notebook, the latest first', async () => {
    leave('a', {}, 60);
    leave('b', {}, 20);
    leave('c', {}, 40);

    expect(await found()).toEqual(['b', 'c', 'a']);
  });

  test('say whether a kernel of the notebook made the session', async () => {
    await notes.put({ sessionId: 'guest', isOwn: false });
    const own = readdirSync(directory)[0] ?? '';
    leave('a');

    expect(await notes.ofEndedKernels()).toMatchObject([{ sessionId: 'a', isOwn: true }]);
    expect(own).toMatch(/\.json$/);
  });

  test('of other notebooks, and of kernels that live, lead nowhere', async () => {
    leave('other', { notebook: '/home/ada/other.ipynb' });
    leave('living', { pid: process.ppid, ...(await beginning(process.ppid)) });
    await notes.put({ sessionId: 'mine', isOwn: true });

    expect(await found()).toEqual([]);
  });

  test('of another machine lead nowhere: nobody can tell whether its kernel lives', async () => {
    leave('far', { host: 'elsewhere' });

    expect(await found()).toEqual([]);
  });

  test('keep a session for the living kernel that has taken it up', async () => {
    leave('a');
    leave('a', { pid: process.ppid, notebook: '', ...(await beginning(process.ppid)) });

    expect(await found()).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'are not taken for those of a process that has got the same id',
    async () => {
      leave('a', { pid: process.pid, beginning: 'another boot 17' });
      leave('b', { pid: process.ppid, beginning: 'another boot 17' });

      expect([...(await found())].sort()).toEqual(['a', 'b']);
    },
  );

  test('are gone when the session is done with, those of killed kernels too', async () => {
    leave('a');
    await notes.put({ sessionId: 'a', isOwn: true });
    await notes.put({ sessionId: 'b', isOwn: true });

    await notes.remove('a');
    await notes.remove('b');

    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a kernel that lives stay when another has done with the session', async () => {
    leave('a', { pid: process.ppid, ...(await beginning(process.ppid)) });

    await notes.remove('a');

    expect(readdirSync(directory)).toHaveLength(1);
  });

  test('are removed after a month, damaged ones too', async () => {
    leave('a', {}, 31 * DAY_S);
    leave('b', {}, 29 * DAY_S);
    leave('far', { host: 'elsewhere' }, 31 * DAY_S);
    const half = path.join(directory, 'half.json');
    writeFileSync(half, '{"sess');
    utimesSync(half, 1, 1);

    expect(await found()).toEqual(['b']);
    expect(readdirSync(directory)).toEqual([`b-${String(DEAD_PID)}.json`]);
  });

  test('are kept by a kernel without a notebook, and lead it nowhere', async () => {
    leave('a');
    const console = new FileSessionNotes(directory, undefined);

    await console.put({ sessionId: 'b', isOwn: true });

    expect(await found(console)).toEqual([]);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  test('are not there before anybody has noted anything', async () => {
    expect(await found(new FileSessionNotes(path.join(directory, 'none'), NOTEBOOK))).toEqual([]);
  });
});

async function beginning(pid: number): Promise<{ beginning?: string }> {
  const value = await beginningOf(pid);
  return value === undefined ? {} : { beginning: value };
}
