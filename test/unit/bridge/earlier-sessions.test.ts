import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { SessionNote, SessionNotes } from '../../../src/bridge/index.js';
import type { InputRequester } from '../../../src/jupyter/index.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { FakeRemote, type FakeScript } from '../../helpers/fake-remote.js';

const echo: FakeScript = ({ agentCall, send, done }) => {
  if (agentCall?.call !== 'run') return undefined;
  send({ type: 'result', data: { 'text/plain': agentCall.code ?? '' }, metadata: {} });
  done();
  return undefined;
};

/** A front end whose person can answer. */
const somebody: InputRequester = { allowed: true, requestInput: () => Promise.resolve('') };

/** Notes in memory, as the kernel under test sees them. */
class FakeNotes implements SessionNotes {
  readonly used = new Map<string, boolean>();
  ended: SessionNote[] = [];
  failure: Error | undefined;
  asked = 0;

  put({ sessionId, isOwn }: SessionNote): Promise<void> {
    this.used.set(sessionId, isOwn);
    this.#forget(sessionId);
    return Promise.resolve();
  }

  remove(sessionId: string): Promise<void> {
    this.used.delete(sessionId);
    this.#forget(sessionId);
    return Promise.resolve();
  }

  ofEndedKernels(): Promise<readonly SessionNote[]> {
    this.asked += 1;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve([...this.ended]);
  }

  #forget(sessionId: string): void {
    this.ended = this.ended.filter((note) => note.sessionId !== sessionId);
  }
}

let remote: FakeRemote;
let notes: FakeNotes;
let kernel: FakeKernel;

beforeEach(() => {
  remote = new FakeRemote(['events', 'source'], echo);
  notes = new FakeNotes();
  kernel = new FakeKernel(remote, { notebookName: '/n/trees.ipynb', sessionNotes: notes });
});

/** A session that a killed kernel has left. */
function left(runtimeType: 'R' | 'Python' = 'R', isOwn = true): string {
  const sessionId = remote.addSession('trees.ipynb (R, 0123)', runtimeType);
  notes.ended.push({ sessionId, isOwn });
  return sessionId;
}

function lists(): number {
  return remote.calls.filter((call) => call.startsWith('sessions.list')).length;
}

/** Opens the session by a cell that nobody sees, and waits for what is found beside it. */
async function open(code = '0'): Promise<void> {
  await kernel.run(code);
  const isNeeded = notes.ended.length > 0 && notes.failure === undefined;
  await vi.waitFor(() => {
    expect(notes.asked).toBe(1);
    expect(lists()).toBe(isNeeded ? 1 : 0);
  });
  await new Promise(setImmediate);
}

async function stderrOf(
  code: string,
  parts: Parameters<FakeKernel['run']>[1] = {},
): Promise<string> {
  const { outputs } = await kernel.run(code, { input: somebody, ...parts });
  return outputs
    .map((output) => ('stream' in output && output.stream === 'stderr' ? output.text : ''))
    .join('');
}

const words = (id: string): string =>
  `A session of an earlier kernel of this notebook is still there, with its variables: %session attach ${id} takes it up (%session close ${id} ends it).\n`;

describe('a session that a killed kernel has left', () => {
  test('is told in front of the next cell, once', async () => {
    const id = left();
    await open();

    const { outputs } = await kernel.run('1', { input: somebody });

    expect(outputs).toEqual([
      { stream: 'stderr', text: words(id) },
      { result: { data: { 'text/plain': '1' }, metadata: {} } },
    ]);
    expect(await stderrOf('2')).toBe('');
  });

  test('is not told in a batch run or a silent cell, but afterwards', async () => {
    const id = left();
    await open();

    expect((await kernel.run('1')).text).toBe('');
    expect(await stderrOf('1', { silent: true })).toBe('');
    expect(await stderrOf('1')).toBe(words(id));
  });

  test('holds up no cell: the first one is answered before the server is asked', async () => {
    left();
    remote.sessions.list = () => new Promise(() => undefined);

    const first = await kernel.run('1', { input: somebody });

    expect(first.outputs).toEqual([{ result: { data: { 'text/plain': '1' }, metadata: {} } }]);
  });

  test('several are told in one line, the latest first', async () => {
    const first = left();
    const second = left();
    await open();

    expect(await stderrOf('1')).toBe(
      `2 sessions of earlier kernels of this notebook are still there, with their variables, the latest first: ${first}, ${second}. %session attach ID takes one up (%session close ID ends it).\n`,
    );
  });

  test('is taken up: the empty one is closed, and it ends with this kernel', async () => {
    const id = left();
    await open('%session');

    await kernel.run(`%session attach ${id}`, { input: somebody });
    const during = [...remote.live.keys()];
    const noted = [...notes.used];
    await kernel.interpreter.shutdown(false);

    expect(during).toEqual([id]);
    expect(noted).toEqual([[id, true]]);
    expect(remote.live.size).toBe(0);
    expect(notes.used.size).toBe(0);
  });

  test('that was somebody else’s is left when this kernel ends', async () => {
    const id = left('R', false);
    await open();

    await kernel.run(`%session attach ${id}`, { input: somebody });
    await kernel.interpreter.shutdown(false);

    expect([...remote.live.keys()]).toEqual([id]);
  });

  test('can be closed instead, by its name or id', async () => {
    const id = left();
    await open();
    await stderrOf('1');

    const { text } = await kernel.run(`%session close ${id}`);

    expect(text).toBe(`The session "trees.ipynb (R, 0123)" was closed: ${id}\n`);
    expect(remote.live.has(id)).toBe(false);
    expect(remote.live.size).toBe(1);
    expect(notes.ended).toEqual([]);
  });

  test('is no news to the next kernel when the person was told and ended this one', async () => {
    left();
    await open();
    await stderrOf('1');

    await kernel.interpreter.shutdown(true);

    expect(notes.ended).toEqual([]);
  });

  test('is still news to the next kernel when this one ends before it could tell', async () => {
    const id = left();
    await open();

    await kernel.interpreter.shutdown(true);

    expect(notes.ended).toEqual([{ sessionId: id, isOwn: true }]);
  });

  test('is told for the second session too, with the cell from which it is taken up', async () => {
    const id = left('Python');
    await open();
    await kernel.run('%%python\n1', { input: somebody });
    await vi.waitFor(() => {
      expect(lists()).toBe(2);
    });

    expect(await stderrOf('1')).toBe(
      `A Python session of an earlier kernel of this notebook is still there, with its variables: %session attach ${id} in a %%python cell takes it up (%session close ${id} ends it).\n`,
    );
  });
});

describe('nothing is told', () => {
  test('of a session that is gone from the server', async () => {
    remote.removeSession(left());
    await open();

    expect(await stderrOf('1')).toBe('');
  });

  test('of a session of the other language', async () => {
    left('Python');
    await open();

    expect(await stderrOf('1')).toBe('');
  });

  test('of a session that was attached meanwhile', async () => {
    const id = left();
    await open();
    await kernel.run(`%session attach ${id}`);

    expect(await stderrOf('1')).toBe('');
  });

  test('and the server is not asked when no kernel was killed', async () => {
    remote.addSession('trees.ipynb (R, 0123)', 'R');
    await open();

    expect(await stderrOf('1')).toBe('');
    expect(lists()).toBe(0);
  });

  test('when the kernel goes on in a kept session by itself', async () => {
    kernel = new FakeKernel(remote, {
      notebookName: '/n/trees.ipynb',
      sessionNotes: notes,
      settings: { restart: 'keep' },
    });
    await kernel.run('0');
    await kernel.interpreter.shutdown(true);
    expect(remote.live.size).toBe(1);
    const [id = ''] = remote.live.keys();
    notes.ended.push({ sessionId: id, isOwn: true });
    kernel = new FakeKernel(remote, {
      notebookName: '/n/trees.ipynb',
      sessionNotes: notes,
      settings: { restart: 'keep' },
    });

    expect(await stderrOf('1')).toBe('');
    expect(await stderrOf('2')).toBe('');
    expect([...notes.used]).toEqual([[id, true]]);
  });

  test('and no cell fails when the notes cannot be read', async () => {
    left();
    notes.failure = new Error('disk on fire');
    await open();

    const { result } = await kernel.run('1', { input: somebody });

    expect(result.status).toBe('ok');
  });
});

describe('a kernel notes', () => {
  test('which session it uses, and takes the note away when that is closed', async () => {
    await kernel.run('0');
    const [first] = notes.used.keys();
    await kernel.run('%session new');

    expect(first).toBe('session-1');
    expect([...notes.used.keys()]).toEqual(['session-2']);
  });

  test('a session that is gone no more', async () => {
    await kernel.run('0');
    remote.removeSession('session-1');
    await kernel.run('1');

    expect([...notes.used]).toEqual([]);
  });
});
