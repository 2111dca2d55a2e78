import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDeferred } from '../../../../src/base/index.js';
import type { Connect } from '../../../../src/bridge/configuration.js';
import { FakeKernel, type CellOutcome } from '../../../helpers/fake-kernel.js';
import {
  FakeHost,
  FakeRemote,
  clientError,
  connectionTo,
  type AgentCall,
} from '../../../helpers/fake-remote.js';

let remote: FakeRemote;
let kernel: FakeKernel;
let folder: string;

function callsNamed(name: string): readonly string[] {
  return remote.calls.filter((call) => call.split(' ')[0] === name);
}

const valueOf = (metadata: Readonly<Record<string, unknown>>): unknown =>
  (metadata['rserver'] as { value?: unknown } | undefined)?.value;

/** The values of the displays of a cell, as programs read them. */
function json({ outputs }: CellOutcome): unknown {
  const found = outputs.flatMap((output) =>
    'display' in output ? [valueOf(output.display.metadata)] : [],
  );
  return found.length === 1 ? found[0] : found;
}

/** In what %time asks the session before and after its code. */
const CPU_QUESTION = 'proc.time()';

/** What an execution was sent besides its code. */
function parameters(): readonly unknown[] {
  const sent = remote.requests.slice(1).filter(({ code }) => !code.includes(CPU_QUESTION));
  return sent.map(({ inputParameters, outputParameters, source }) => ({
    ...(source !== undefined && { source }),
    ...(inputParameters !== undefined && { inputs: inputParameters }),
    ...(outputParameters !== undefined && { outputs: outputParameters }),
  }));
}

beforeEach(async () => {
  remote = new FakeRemote(['source'], ({ done }) => {
    done();
    return undefined;
  });
  kernel = new FakeKernel(remote);
  folder = await mkdtemp(path.join(tmpdir(), 'rserver-magics-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('%snapshot', () => {
  test.each([
    '%snapshot create Iris Snapshot',
    '%snapshot Iris Snapshot',
    '%snapshot "Iris Snapshot"',
  ])('"%s" makes one of that name', async (line) => {
    const { result, text } = await kernel.run(line);

    expect(result.status).toBe('ok');
    expect(callsNamed('sessions.createSnapshot')).toEqual([
      'sessions.createSnapshot session-1 Iris Snapshot',
    ]);
    expect(text).toBe('Snapshot "Iris Snapshot" made: snapshot-2\n');
  });

  test('list shows a table and needs no session', async () => {
    remote.addSnapshot('A');

    const outcome = await kernel.run('%snapshot list');

    expect(json(outcome)).toEqual(remote.snapshotEntries);
    expect(outcome.outputs).toMatchObject([
      {
        display: {
          data: {
            'text/plain':
              'Snapshots\nname  created                       size  owner  id\n' +
              'A     2017-04-13T10:00:00.000000  1.2 kB  ada    snapshot-1',
          },
        },
      },
    ]);
    expect(callsNamed('sessions.create')).toEqual([]);
  });

  test('list says when there are none', async () => {
    expect((await kernel.run('%snapshot list')).outputs).toEqual([
      {
        display: {
          data: { 'text/plain': 'There are no snapshots.' },
          metadata: { rserver: { value: [] } },
        },
      },
    ]);
  });

  test('restore makes a session from it, installs the agent, swaps it in and deletes the old one', async () => {
    await kernel.run('x');
    remote.addSnapshot('A');
    remote.calls.length = 0;

    const { result, text } = await kernel.run('%snapshot restore A');

    expect(result.status).toBe('ok');
    expect(text).toBe('Session restored from snapshot "A": session-3\n');
    expect(remote.calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      'snapshots.list',
      expect.stringMatching(/^sessions.create /),
      'sessions.consoleOutput session-3',
      'sessions.history session-3',
      'sessions.execute session-3',
      'sessions.close session-1',
    ]);
    expect(remote.session('session-3').content).toEqual(['snapshot-2']);
    await kernel.run('y');
    expect(remote.session('session-3').history.at(-1)).toBe('y');
  });

  test('a restore that fails leaves the session as it is', async () => {
    await kernel.run('x');
    remote.addSnapshot('A');
    remote.fail('sessions.create', clientError('CLIENT_STATUS', { statusCode: 503 }));

    expect((await kernel.run('%snapshot restore A')).result).toMatchObject({
      ename: 'CLIENT_STATUS',
    });
    await kernel.run('y');
    expect(remote.session('session-1').history.at(-1)).toBe('y');
  });

  test('restore leaves an attached session alone', async () => {
    remote.addSession('shared');
    remote.addSnapshot('A');
    await kernel.run('%session attach shared');

    await kernel.run('%snapshot restore A');

    expect(remote.live.has('session-1')).toBe(true);
  });

  test.each(['A', 'snapshot-2', 'snaps'])('load and delete find it by "%s"', async (wanted) => {
    await kernel.run('x');
    remote.addSnapshot('A');

    await kernel.run(`%snapshot load ${wanted}`);
    await kernel.run(`%snapshot delete ${wanted}`);

    expect(remote.session('session-1').content).toEqual(['snapshot-2']);
    expect(remote.snapshotEntries).toEqual([]);
  });

  test('after it was merged into the session, the agent tells anew what is there', async () => {
    remote.addSnapshot('A');
    remote.script = ({ agentCall, send, done }) => {
      if (agentCall?.call === 'run') send({ type: 'workspace', serial: 3, full: true });
      done();
      return undefined;
    };
    const known = (): readonly unknown[] =>
      remote.requests.map(({ code }) => (JSON.parse(code) as AgentCall)['known']);
    await kernel.run('x');
    await kernel.run('y');

    await kernel.run('%snapshot load A');
    await kernel.run('z');

    expect(known()).toEqual([undefined, 0, 3, 0, 3]);
  });

  test('a name that nobody has, or several have, is told', async () => {
    remote.addSnapshot('A');
    remote.addSnapshot('A');

    expect((await kernel.run('%snapshot delete B')).result).toMatchObject({
      ename: 'BRIDGE_SNAPSHOT_NOT_FOUND',
      evalue: 'There is no snapshot "B". There are "A".',
    });
    expect((await kernel.run('%snapshot delete A')).result).toMatchObject({
      ename: 'BRIDGE_SNAPSHOT_AMBIGUOUS',
      evalue: '2 snapshots are called "A": snapshot-1, snapshot-2.',
    });
  });

  test('download saves a zip file, and replaces none without --force', async () => {
    remote.addSnapshot('A/B');
    const file = path.join(folder, 'a.zip');

    const first = await kernel.run(`%snapshot download A/B "${file}"`);
    const second = await kernel.run(`%snapshot download A/B "${file}"`);
    const forced = await kernel.run(`%snapshot download A/B "${file}" --force`);
    await kernel.run(`%snapshot download A/B "${folder}"`);

    expect(first.text).toBe(`Snapshot "A/B" saved: ${file} (17 B)\n`);
    expect(second.result).toMatchObject({ ename: 'BRIDGE_LOCAL_FILE' });
    expect(forced.result.status).toBe('ok');
    expect(await readFile(file, 'utf8')).toBe('zip of snapshot-1');
    expect((await readdir(folder)).sort()).toEqual(['A_B.zip', 'a.zip']);
  });

  test.each([
    '%snapshot',
    '%snapshot create',
    '%snapshot restore',
    '%snapshot download',
    '%snapshot download a b c',
    '%snapshot --what',
  ])('"%s" is told to be called wrongly', async (line) => {
    expect((await kernel.run(line)).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
    expect(callsNamed('sessions.createSnapshot')).toEqual([]);
  });
});

describe('%inputs', () => {
  test('goes with the code that follows', async () => {
    await kernel.run('%inputs a=1 b=[1, 2]\n%inputs c="x y"\na');

    expect(parameters()).toEqual([
      {
        source: 'a',
        inputs: [
          { name: 'a', value: 1 },
          { name: 'b', value: [1, 2] },
          { name: 'c', value: 'x y' },
        ],
      },
    ]);
  });

  test('is assigned at once without code after it', async () => {
    await kernel.run('%inputs a=1');
    await kernel.run('b\n%inputs a=2');
    await kernel.run('%inputs a=3\n%time b');

    expect(parameters()).toEqual([
      { source: '', inputs: [{ name: 'a', value: 1 }] },
      { source: 'b' },
      { source: '', inputs: [{ name: 'a', value: 2 }] },
      { source: '', inputs: [{ name: 'a', value: 3 }] },
      { source: 'b' },
    ]);
  });

  test('takes a whole cell, and a file', async () => {
    const file = path.join(folder, 'in.json');
    await writeFile(file, '{"x": [true]}');

    await kernel.run('%%inputs\n{"a": {"b": [1]},\n "c": null}');
    await kernel.run(`%inputs @"${file}"\nx`);

    expect(parameters()).toEqual([
      {
        source: '',
        inputs: [
          { name: 'a', value: { b: [1] } },
          { name: 'c', value: null },
        ],
      },
      { source: 'x', inputs: [{ name: 'x', value: [true] }] },
    ]);
  });

  test.each([
    ['%inputs', 'BRIDGE_MAGIC_USAGE'],
    ['%inputs a', 'BRIDGE_MAGIC_USAGE'],
    ['%inputs a=TRUE', 'BRIDGE_INPUT_VALUE'],
    ['%inputs a=', 'BRIDGE_INPUT_VALUE'],
    ['%inputs @/no/such/file.json', 'BRIDGE_LOCAL_FILE'],
    ['%%inputs\n[1]', 'BRIDGE_INPUT_VALUE'],
    ['%%inputs\n{"a b": 1}', 'BRIDGE_INPUT_VALUE'],
    ['%%inputs a=1\n{}', 'BRIDGE_MAGIC_USAGE'],
  ])('%j is an error %s', async (cell, ename) => {
    expect((await kernel.run(cell)).result).toMatchObject({ status: 'error', ename });
  });
});

describe('%outputs', () => {
  beforeEach(() => {
    remote.script = ({ request, done }) => {
      done();
      const names = request.outputParameters ?? [];
      return { outputParameters: names.map((name) => ({ name, value: `value of ${name}` })) };
    };
  });

  test('fetches with the last code and shows each value typed, in the order of the names', async () => {
    const { outputs } = await kernel.run('%outputs b, a b\nx\n%config\ny');

    expect(parameters()).toEqual([{ source: 'x' }, { source: 'y', outputs: ['b', 'a'] }]);
    expect(outputs.slice(1)).toMatchObject([
      { display: { metadata: { rserver: { name: 'b', type: 'character' } } } },
      { display: { data: { 'text/plain': 'a: character\nvalue of a' } } },
    ]);
  });

  test('fetches at once without code', async () => {
    await kernel.run('%outputs a');
    await kernel.run('%outputs a\n%time x');

    expect(parameters()).toEqual([
      { source: '', outputs: ['a'] },
      { source: 'x' },
      { source: '', outputs: ['a'] },
    ]);
  });

  test('together with inputs needs one execution', async () => {
    await kernel.run('%inputs a=1\n%outputs b\nb <- a');

    expect(parameters()).toEqual([
      { source: 'b <- a', inputs: [{ name: 'a', value: 1 }], outputs: ['b'] },
    ]);
  });

  test('tells the names that do not exist', async () => {
    remote.script = ({ done }) => {
      done();
      return { success: false, errorMessage: 'object not found' };
    };
    await kernel.run('%session');
    remote.session('session-1').objects.add('there');

    const { result } = await kernel.run('%outputs there nope\nx');

    expect(result).toMatchObject({
      ename: 'BRIDGE_OUTPUT_MISSING',
      evalue: '%outputs: "nope" does not exist in the session.',
    });
  });

  test('tells them also when the server just leaves them out', async () => {
    remote.script = ({ done }) => {
      done();
      return { outputParameters: [{ name: 'a', value: 1 }] };
    };

    const { result, outputs } = await kernel.run('%outputs a nope\nx');

    expect(result).toMatchObject({ ename: 'BRIDGE_OUTPUT_MISSING' });
    expect(outputs).toHaveLength(1);
  });

  test('tells a value that cannot be sent', async () => {
    remote.script = ({ done }) => {
      done();
      return { success: false, errorMessage: 'f is a function' };
    };
    await kernel.run('%session');
    remote.session('session-1').objects.add('f');

    expect((await kernel.run('%outputs f\nx')).result).toMatchObject({
      ename: 'BRIDGE_OUTPUT_UNSUPPORTED',
      evalue: '%outputs f: f is a function',
    });
  });

  test('does not hide the failure of the code', async () => {
    remote.script = ({ send, done }) => {
      send({ type: 'error', ename: 'E', evalue: 'v', traceback: [] });
      done('error');
      return { success: false, errorMessage: 'v' };
    };

    expect((await kernel.run('%outputs a\nstop("v")')).result).toMatchObject({ ename: 'E' });
  });

  test('in plain display tells a missing name from failing code', async () => {
    kernel = new FakeKernel(remote, { settings: { display: 'plain' } });
    let message = "object 'nope' not found";
    remote.script = () => ({ success: false, errorMessage: message });

    const missing = await kernel.run('%outputs nope\nx');
    message = 'Error: division by zero';
    const failing = await kernel.run('%outputs nope\nx');

    expect(missing.result).toMatchObject({ ename: 'BRIDGE_OUTPUT_MISSING' });
    expect(failing.result).toMatchObject({ ename: 'Error', evalue: 'division by zero' });
  });

  test.each(['%outputs', '%outputs a+b', '%outputs 1a'])('"%s" is called wrongly', async (line) => {
    expect((await kernel.run(line)).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
  });
});

describe('%session', () => {
  test('shows what it is', async () => {
    const outcome = await kernel.run('%session');

    expect(json(outcome)).toEqual({
      server: 'http://fake.example:12800',
      kind: 'R Server',
      username: 'ada',
      session: remote.session('session-1').entry.name,
      id: 'session-1',
      language: 'R',
      madeBy: 'this kernel',
      display: 'rich',
      output: 'console reading',
      onExit: 'close',
    });
  });

  test('list marks the present one', async () => {
    remote.addSession('other', 'Python');
    await kernel.run('x');

    const { outputs } = await kernel.run('%session list');

    const text = JSON.stringify(outputs);
    expect(text).toMatch(/\*\s+rserver-kernel \(R, [0-9a-f]{8}\)\s+R\s+ada\s+session-2/);
    expect(text).toMatch(/other\s+Python\s+ada\s+session-1/);
  });

  test('new closes the present one', async () => {
    await kernel.run('x');

    const { text } = await kernel.run('%session new fresh start');

    expect(text).toMatch(/^New session "fresh start": session-2\nThe session ".*" was closed\.\n$/);
    expect([...remote.live.keys()]).toEqual(['session-2']);
  });

  test('new --keep leaves it until the kernel ends', async () => {
    await kernel.run('x');

    await kernel.run('%session new --keep');
    const kept = [...remote.live.keys()];
    await kernel.interpreter.shutdown(false);

    expect(kept).toEqual(['session-1', 'session-2']);
    expect([...remote.live.keys()]).toEqual([]);
  });

  test.each(['shared', 'session-1'])(
    'attach finds it by "%s"; it is not closed at the end',
    async (wanted) => {
      remote.addSession('shared');
      await kernel.run('x');

      const { text } = await kernel.run(`%session attach ${wanted}`);
      await kernel.run('y');
      await kernel.interpreter.shutdown(false);

      expect(text).toMatch(
        /^Attached to session "shared": session-1\nThe session ".*" stays on the server: session-2\n$/,
      );
      expect(remote.session('session-1').history).toContain('y');
      expect([...remote.live.keys()]).toEqual(['session-1']);
    },
  );

  test('attach closes a session of ours in which nothing was done', async () => {
    remote.addSession('shared');
    kernel.interpreter.start(new FakeHost());
    await kernel.run('%session');

    await kernel.run('%session attach shared');

    expect([...remote.live.keys()]).toEqual(['session-1']);
  });

  test('attach goes back to a session of ours', async () => {
    await kernel.run('x');
    await kernel.run('%session new --keep');

    await kernel.run('%session attach session-1');
    await kernel.interpreter.shutdown(false);

    expect([...remote.live.keys()]).toEqual([]);
  });

  test('attach to the present one does nothing', async () => {
    await kernel.run('x');

    const { text } = await kernel.run('%session attach session-1');

    expect(text).toContain('already');
  });

  test('attach refuses another language, unknown and ambiguous names', async () => {
    remote.addSession('py', 'Python');
    remote.addSession('twice');
    remote.addSession('twice');

    expect((await kernel.run('%session attach py')).result).toMatchObject({
      ename: 'BRIDGE_SESSION_LANGUAGE',
    });
    expect((await kernel.run('%session attach no')).result).toMatchObject({
      ename: 'BRIDGE_SESSION_NOT_FOUND',
    });
    expect((await kernel.run('%session attach twice')).result).toMatchObject({
      ename: 'BRIDGE_SESSION_AMBIGUOUS',
    });
    expect((await kernel.run('%session attach')).result).toMatchObject({
      ename: 'BRIDGE_MAGIC_USAGE',
    });
    expect((await kernel.run('%session what')).result).toMatchObject({
      ename: 'BRIDGE_MAGIC_USAGE',
    });
  });

  test('close ends it, and the next cell opens a new one', async () => {
    await kernel.run('x');

    const { text } = await kernel.run('%session close');
    await kernel.run('y');

    expect(text).toContain('was closed; the next cell opens a new one');
    expect([...remote.live.keys()]).toEqual(['session-2']);
  });

  test('close --force kills it; one that is gone already is closed, too', async () => {
    await kernel.run('x');
    remote.removeSession('session-1');

    const { result } = await kernel.run('%session close --force');
    const again = await kernel.run('%session close');

    expect(result.status).toBe('ok');
    expect(callsNamed('sessions.closeByForce')).toHaveLength(1);
    expect(again.text).toBe('There is no session to close.\n');
  });
});

describe('%connect', () => {
  test.each([
    ['%connect production', { profile: 'production' }],
    [
      '%connect https://r.example.com --username bob',
      { url: 'https://r.example.com', username: 'bob' },
    ],
  ])('"%s" opens a session there and closes the old one', async (line, settings) => {
    const second = new FakeRemote();
    const connect = vi
      .fn<Connect>()
      .mockResolvedValueOnce(connectionTo(remote))
      .mockResolvedValueOnce(connectionTo(second));
    kernel = new FakeKernel(remote, { connect });
    await kernel.run('x');

    const { result } = await kernel.run(line);
    await kernel.run('y');

    expect(result.status).toBe('ok');
    expect(connect.mock.calls[1]?.[0].settings).toMatchObject(settings);
    expect(remote.live.size).toBe(0);
    expect(remote.isClosed).toBe(true);
    expect(second.requests).toHaveLength(2);
  });

  test('that fails leaves everything as it is', async () => {
    const connect = vi
      .fn<Connect>()
      .mockResolvedValueOnce(connectionTo(remote))
      .mockRejectedValueOnce(clientError('CLIENT_UNREACHABLE'));
    kernel = new FakeKernel(remote, { connect });
    await kernel.run('x');

    const { result } = await kernel.run('%connect staging');

    expect(result).toMatchObject({ ename: 'CLIENT_UNREACHABLE' });
    await kernel.run('y');
    expect(remote.session('session-1').history.at(-1)).toBe('y');
  });

  test('helps out of a first connection that failed', async () => {
    const connect = vi
      .fn<Connect>()
      .mockRejectedValueOnce(clientError('CLIENT_UNREACHABLE'))
      .mockResolvedValueOnce(connectionTo(remote));
    kernel = new FakeKernel(remote, { connect });
    kernel.interpreter.start(new FakeHost());

    expect((await kernel.run('%connect staging')).result.status).toBe('ok');
  });

  test('without a target names the profiles', async () => {
    const { result } = await kernel.run('%connect');

    expect(JSON.stringify(result)).toContain('Profiles: production, staging.');
  });
});

describe('%files', () => {
  test('sends, lists, fetches and deletes', async () => {
    const file = path.join(folder, 'sales.csv');
    const copy = path.join(folder, 'copy.csv');
    await writeFile(file, 'a,b\n1,2\n');

    await kernel.run(`%files put "${file}"`);
    await kernel.run(`%files put "${file}" as other.csv`);
    const list = await kernel.run('%files');
    const get = await kernel.run(`%files get other.csv "${copy}"`);
    await kernel.run('%files delete other.csv');

    expect(json(list)).toEqual(['sales.csv', 'other.csv']);
    expect(get.text).toBe(`File other.csv fetched: ${copy} (8 B)\n`);
    expect(await readFile(copy, 'utf8')).toBe('a,b\n1,2\n');
    expect([...remote.session('session-1').files.keys()]).toEqual(['sales.csv']);
  });

  test.each([
    ['%files get nope', 'BRIDGE_FILE_NOT_FOUND'],
    ['%files delete nope', 'BRIDGE_FILE_NOT_FOUND'],
    ['%files put /no/such/file', 'BRIDGE_LOCAL_FILE'],
    ['%files put', 'BRIDGE_MAGIC_USAGE'],
    ['%files what', 'BRIDGE_MAGIC_USAGE'],
    ['%files get a b c', 'BRIDGE_MAGIC_USAGE'],
  ])('"%s" is an error %s', async (line, ename) => {
    expect((await kernel.run(line)).result).toMatchObject({ ename });
  });
});

describe('%workspace', () => {
  test('lists variables with types by the agent', async () => {
    remote.script = ({ agentCall, send }) => {
      if (agentCall?.call === 'variables') {
        const variables = [{ name: 'x', type: 'numeric', size: 56, value: 'num 1' }];
        send({ type: 'reply', content: { variables } });
      }
      return undefined;
    };

    expect(json(await kernel.run('%workspace'))).toEqual([
      { name: 'x', type: 'numeric', size: '56 B', value: 'num 1' },
    ]);
  });

  test('lists names in plain display', async () => {
    kernel = new FakeKernel(remote, { settings: { display: 'plain' } });
    await kernel.run('x');
    remote.session('session-1').objects.add('x');

    expect(json(await kernel.run('%workspace list'))).toEqual([{ name: 'x' }]);
  });

  test('deletes what is there, and nothing when a name is not', async () => {
    await kernel.run('x');
    const { objects } = remote.session('session-1');
    for (const name of ['a', 'b', 'c']) objects.add(name);

    const failed = await kernel.run('%workspace delete a nope');
    const deleted = await kernel.run('%workspace delete a b');

    expect(failed.result).toMatchObject({ ename: 'BRIDGE_OBJECT_NOT_FOUND' });
    expect(deleted.text).toBe('Deleted: a, b\n');
    expect([...objects]).toEqual(['c']);
  });

  test.each(['%workspace delete', '%workspace what', '%workspace list x'])(
    '"%s" is called wrongly',
    async (line) => {
      expect((await kernel.run(line)).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
    },
  );
});

describe('%history', () => {
  test('shows the inputs of this kernel', async () => {
    await kernel.run('a <- 1\nb <- 2');
    await kernel.run('c');

    expect(json(await kernel.run('%history 2'))).toEqual([
      { line: 2, input: 'c' },
      { line: 3, input: '%history 2' },
    ]);
    expect((await kernel.run('%history x')).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
  });

  test('--search finds inputs by a pattern, each text once', async () => {
    for (const code of ['a <- 1', 'b', 'a <- 1', 'aa']) await kernel.run(code);

    expect(json(await kernel.run('%history --search "a*"'))).toEqual([
      { session: 1, line: 3, input: 'a <- 1' },
      { session: 1, line: 4, input: 'aa' },
    ]);
    expect(json(await kernel.run('%history 1 --search a*'))).toEqual([
      { session: 1, line: 4, input: 'aa' },
    ]);
    const { outputs } = await kernel.run('%history --search none');
    expect(JSON.stringify(outputs)).toContain('Nothing matches none.');
  });

  test('--session shows what the server recorded, without our own calls', async () => {
    await kernel.run('a <- 1');
    remote.session('session-1').history.push('.rserver_kernel$variables()', 'b');

    expect(json(await kernel.run('%history --session'))).toEqual(['a <- 1', 'b']);
  });
});

describe('%config', () => {
  test('shows each setting with where it comes from', async () => {
    const { outputs } = await kernel.run('%config');

    expect(JSON.stringify(outputs)).toContain('environment (RSERVER_URL)');
  });

  test('changes settings for the cells that follow', async () => {
    await kernel.run('x');

    const { text } = await kernel.run('%config display=plain');
    await kernel.run('y');
    const reconnect = await kernel.run('%config url=http://other');

    expect(text).toBe('Set: display=plain\n');
    expect(remote.requests.at(-1)).toEqual({ code: 'y', source: 'y' });
    expect(reconnect.text).toContain('%connect');
    expect((await kernel.run('%config display')).result).toMatchObject({
      ename: 'BRIDGE_MAGIC_USAGE',
    });
  });

  test.each(['InlineBackend', "InlineBackend.figure_format = 'svg'"])(
    'in Python sessions %s is IPython’s',
    async (option) => {
      const python = new FakeKernel(remote, { language: 'python' });

      await python.run(`%config ${option}`);

      const { code } = JSON.parse(remote.requests.at(-1)?.code ?? '') as { code: string };
      expect(code).toContain(`get_ipython().run_line_magic("config", "${option}")`);
    },
  );

  test('in R sessions such a name is no setting', async () => {
    expect((await kernel.run('%config InlineBackend')).result).toMatchObject({
      ename: 'BRIDGE_MAGIC_USAGE',
    });
  });
});

describe('%time', () => {
  test.each(['%time x', '%%time\nx'])(
    '%j runs the code and says how long it took',
    async (cell) => {
      remote.script = ({ send, done }) => {
        send({ type: 'result', data: { 'text/plain': '1' }, metadata: {} });
        done();
        return undefined;
      };

      const { outputs } = await kernel.run(cell);

      expect(outputs).toEqual([
        { result: { data: { 'text/plain': '1' }, metadata: {} } },
        { stream: 'stdout', text: expect.stringMatching(/^Wall time: [\d.]+ ms\n$/) as string },
      ]);
    },
  );

  test('parts the time of the session from that of the way, which a call that does nothing takes', async () => {
    let cpuSeconds = 10;
    const answers = [6, 100, 4].map(
      (ms) => (): Promise<void> =>
        new Promise((resolve) => {
          setTimeout(resolve, ms);
        }),
    );
    remote.script = async ({ agentCall, send }) => {
      await answers.shift()?.();
      cpuSeconds += 0.02;
      const value = {
        status: 'ok',
        data: { 'text/plain': `[1] ${cpuSeconds}` },
        metadata: {},
      } as const;
      const user_expressions = agentCall?.code === '' ? { value } : {};
      send({ type: 'done', status: 'ok', user_expressions, payload: [] });
      return undefined;
    };
    vi.useFakeTimers();

    const run = kernel.run('%time x');
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();

    expect((await run).text).toBe(
      'CPU time: 40.0 ms in the session\nWall time: 100.0 ms\nSession: 96.0 ms, round trip: 4.0 ms\n',
    );
  });

  test('fails as its code does', async () => {
    remote.script = ({ send, done }) => {
      send({ type: 'error', ename: 'E', evalue: '', traceback: [] });
      done('error');
      return { success: false };
    };

    expect((await kernel.run('%time stop()\nb')).result).toMatchObject({ ename: 'E' });
    expect(parameters()).toEqual([{ source: 'stop()' }]);
  });

  test.each(['%time', '%%time', '%%time x\ny'])('%j is called wrongly', async (cell) => {
    expect((await kernel.run(cell)).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
  });

  test('runs magics in its body', async () => {
    await kernel.run('%%time\n%inputs a=1\na');

    expect(parameters()).toEqual([{ source: 'a', inputs: [{ name: 'a', value: 1 }] }]);
  });
});

describe('%output', () => {
  const somebody = { allowed: true, requestInput: () => Promise.resolve('') };

  beforeEach(() => {
    kernel = new FakeKernel(remote, { settings: { outputLimitBytes: 1000 } });
    remote.script = ({ print, send, done }) => {
      print(`${'text '.repeat(300)}\n`);
      const data = { 'image/png': Buffer.alloc(1200, 1).toString('base64') };
      send({ type: 'display', data, metadata: {} });
      done();
      return undefined;
    };
  });

  test('writes the full text, and what was too large to show', async () => {
    const text = path.join(folder, 'all.txt');
    const picture = path.join(folder, 'plot.png');
    await kernel.run('x', { input: somebody });

    await kernel.run(`%output ${text}`);
    await kernel.run(`%output ${picture} --part 1`);

    expect(await readFile(text, 'utf8')).toBe(`${'text '.repeat(300)}\n`);
    expect(await readFile(picture)).toEqual(Buffer.alloc(1200, 1));
  });

  test('tells what there is', async () => {
    await kernel.run('x', { input: somebody });

    const { result } = await kernel.run(`%output ${path.join(folder, 'p')} --part 2`);

    expect(result).toMatchObject({
      ename: 'BRIDGE_OUTPUT_NOT_CUT',
      evalue: 'There is no part 2 among what was left out: 1 (image/png).',
    });
  });

  describe('without a file', () => {
    const textOf = ({ outputs }: CellOutcome): string =>
      outputs.map((one) => ('stream' in one ? one.text : '')).join('');

    beforeEach(() => {
      remote.script = ({ agentCall, print, done }) => {
        print(`ran ${agentCall?.code ?? ''}\n`);
        done();
        return undefined;
      };
    });

    test('shows the last cell again, or that of a number', async () => {
      await kernel.run('x', { input: somebody });
      await kernel.run('y', { input: somebody });

      expect(textOf(await kernel.run('%output', { input: somebody }))).toBe('ran y\n');
      expect(textOf(await kernel.run('%output 1', { input: somebody }))).toBe('ran x\n');
      expect(textOf(await kernel.run('%output', { input: somebody }))).toBe('ran y\n');
    });

    test('shows all that a cell that was cut has shown, and leaves its full text to be fetched', async () => {
      remote.script = ({ print, done }) => {
        for (let line = 0; line < 20_000; line += 1) print(`line ${line}\n`);
        done();
        return undefined;
      };
      const cut = await kernel.run('x', { input: somebody });

      const again = await kernel.run('%output', { input: somebody });
      const text = path.join(folder, 'all.txt');
      await kernel.run(`%output ${text}`, { input: somebody });

      expect(textOf(cut)).toContain('left out here');
      expect(textOf(again)).toBe(textOf(cut));
      expect((await readFile(text, 'utf8')).split('\n')).toHaveLength(20_001);
    });

    test.each([
      ['a batch run', {}],
      ['a silent cell', { input: somebody, silent: true }],
      ['a cell that is not stored', { input: somebody, storeHistory: false }],
      ['a subshell', { input: somebody, subshellId: 'sub' }],
    ] as const)('nothing of %s is kept', async (_what, parts) => {
      await kernel.run('x', parts);

      expect((await kernel.run('%output', { input: somebody })).result).toMatchObject({
        ename: 'BRIDGE_OUTPUT_NOT_KEPT',
        evalue: 'No output of another cell is kept.',
      });
    });

    test('shows an error as text, and has not failed', async () => {
      await kernel.run('%history none', { input: somebody });

      const again = await kernel.run('%output', { input: somebody });

      expect(again.result.status).toBe('ok');
      expect(again.outputs).toEqual([
        {
          stream: 'stderr',
          text: 'BRIDGE_MAGIC_USAGE: %history takes one number.\nWhat to try: Run `%help MAGIC` to see how it is called.\n',
        },
      ]);
    });

    test('shows what a snapshot has become after its cell', async () => {
      const made = createDeferred<undefined>();
      const host = new FakeHost();
      kernel.interpreter.start(host);
      remote.sessions.createSnapshot = async (_id, _request, options) => {
        options?.onTaken?.();
        await made.promise;
        return 'id-1';
      };
      await kernel.run('%snapshot create one', { input: somebody });
      const before = await kernel.run('%output', { input: somebody });
      made.resolve(undefined);
      await vi.waitFor(() => {
        expect(host.background.outputs).toHaveLength(1);
      });

      const after = await kernel.run('%output', { input: somebody });

      const lines = [before, after].map(({ outputs }) =>
        outputs.map((one) => ('display' in one ? one.display.data['text/plain'] : one)),
      );
      expect(lines).toEqual([
        [expect.stringMatching(/^Snapshot "one" is being/)],
        [expect.stringMatching(/^Snapshot "one" made: /)],
      ]);
    });
  });

  test.each([
    ['%output a.txt', 'No cell of this kernel had its text cut.'],
    ['%output a.txt --part 1', 'No output of this kernel was too large to show.'],
  ])('where nothing was cut, "%s" says so', async (line, evalue) => {
    expect((await kernel.run(line)).result).toMatchObject({
      ename: 'BRIDGE_OUTPUT_NOT_CUT',
      evalue,
    });
  });
});

describe('%restart', () => {
  test.each(['%restart', '%restart clean'])(
    '"%s" takes a new session and closes the old one',
    async (line) => {
      await kernel.run('x');

      await kernel.run(line);

      expect([...remote.live.keys()]).toEqual(['session-2']);
    },
  );

  test('takes the session of the other language along', async () => {
    await kernel.run('x');
    await kernel.run('%%python\ny');

    const { text } = await kernel.run('%restart');
    await kernel.run('%%python\ny');

    expect(text).toContain('The Python session of this notebook has ended, too');
    expect([...remote.live.keys()]).toEqual(['session-3', 'session-4']);
  });

  test('in a cell of the other language leaves the session of the notebook alone', async () => {
    await kernel.run('x');
    await kernel.run('%%python\ny');

    await kernel.run('%%python\n%restart');

    expect([...remote.live.keys()]).toEqual(['session-1', 'session-3']);
  });

  test('keep leaves the session of the other language as it is', async () => {
    await kernel.run('x');
    await kernel.run('%%python\ny');

    await kernel.run('%restart keep');
    const { result } = await kernel.run('%%python\ny');

    expect(result.status).toBe('ok');
    expect([...remote.live.keys()]).toEqual(['session-1', 'session-2']);
  });

  test('ends a session that does not stop by force', async () => {
    kernel = new FakeKernel(remote, { settings: { interruptTimeoutMs: 1 } });
    const stop = new AbortController();
    remote.script = () => {
      stop.abort();
      return new Promise(() => undefined);
    };
    const { result } = await kernel.run('stubborn', { signal: stop.signal });

    await kernel.run('%restart');

    expect(result).toMatchObject({ ename: 'BRIDGE_INTERRUPT_IGNORED' });
    expect(callsNamed('sessions.closeByForce')).toEqual(['sessions.closeByForce session-1']);
  });

  test('keep connects anew and goes on in the same session', async () => {
    const connect = vi.fn<Connect>(() => Promise.resolve(connectionTo(remote)));
    kernel = new FakeKernel(remote, { connect });
    await kernel.run('x');

    await kernel.run('%restart keep');

    expect(connect).toHaveBeenCalledTimes(2);
    expect([...remote.live.keys()]).toEqual(['session-1']);
  });

  test('snapshot restores it', async () => {
    await kernel.run('x');
    remote.addSnapshot('A b');

    await kernel.run('%restart snapshot A b');

    expect(remote.session('session-3').content).toEqual(['snapshot-2']);
  });

  test.each(['%restart what', '%restart snapshot', '%restart keep it'])(
    '"%s" is called wrongly',
    async (line) => {
      expect((await kernel.run(line)).result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
    },
  );
});

describe('help', () => {
  test.each(['%help snapshot', '%help %snapshot', '%snapshot?', '%snapshot --help', '?%snapshot'])(
    '"%s" needs no server',
    async (line) => {
      const { outputs } = await kernel.run(line);

      expect(JSON.stringify(outputs)).toContain('%snapshot restore X');
      expect(remote.calls).toEqual([]);
    },
  );

  test.each(['%lsmagic', '%help'])('"%s" lists every magic', async (line) => {
    const names = (json(await kernel.run(line)) as { name: string }[]).map(({ name }) => name);

    expect(names.sort()).toEqual([
      'config',
      'connect',
      'consume',
      'files',
      'help',
      'history',
      'inputs',
      'lsmagic',
      'output',
      'outputs',
      'publish',
      'pull',
      'push',
      'python',
      'r',
      'realtime',
      'restart',
      'service',
      'services',
      'session',
      'share',
      'snapshot',
      'time',
      'workspace',
    ]);
  });

  test('of a magic that does not exist is an error', async () => {
    expect((await kernel.run('%help nope')).result).toMatchObject({
      ename: 'BRIDGE_MAGIC_UNKNOWN',
    });
  });

  test('a line magic written as a cell magic is told', async () => {
    expect((await kernel.run('%%snapshot\nx')).result).toMatchObject({
      evalue: '%%snapshot is written %snapshot.',
    });
  });
});

describe('a session that cannot be closed', () => {
  test('does not spoil what took its place, is told, and is tried again at the end', async () => {
    await kernel.run('x');
    remote.fail('sessions.close', clientError('CLIENT_STATUS', { statusCode: 500 }));

    const { result, text } = await kernel.run('%restart');
    await kernel.run('y');
    await kernel.interpreter.shutdown(false);

    expect(result.status).toBe('ok');
    expect(text).toContain('stays on the server: session-1');
    expect(remote.live.size).toBe(0);
  });
});

describe('a magic that is interrupted', () => {
  test('while it makes a session, closes that when it is there, and the old one stays', async () => {
    await kernel.run('x');
    const stop = new AbortController();
    const create = remote.sessions.create.bind(remote.sessions);
    const waiting = createDeferred<undefined>();
    remote.sessions.create = async (request) => {
      stop.abort();
      await waiting.promise;
      return create(request);
    };

    const { result } = await kernel.run('%session new', { signal: stop.signal });
    waiting.resolve(undefined);
    await vi.waitFor(() => {
      expect(callsNamed('sessions.close')).toEqual(['sessions.close session-2']);
    });
    await kernel.run('y');

    expect(result).toMatchObject({ ename: 'Interrupt' });
    expect(remote.session('session-1').history.at(-1)).toBe('y');
  });
});
