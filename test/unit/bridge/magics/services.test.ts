// The magics for web services over a server in memory: what is asked of the server, in which order, and what is shown.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeKernel, type CellOutcome } from '../../../helpers/fake-kernel.js';
import { FakeRemote, clientError } from '../../../helpers/fake-remote.js';
import { EMPTY_SERVICE } from '../../../helpers/fake-services.js';

let remote: FakeRemote;
let kernel: FakeKernel;
/** Types and values of the variables of the session. */
let variables: Record<string, { readonly type: string; readonly value?: unknown }>;

beforeEach(() => {
  variables = {};
  remote = new FakeRemote([], ({ agentCall, request, done, send }) => {
    if (agentCall?.call === 'types') {
      const names = agentCall['names'] as readonly string[];
      const known = names.filter((name) => name in variables);
      const types = known.map((name) => [
        name,
        { type: variables[name]?.type ?? '', class: 'thing' },
      ]);
      send({ type: 'reply', content: { types: Object.fromEntries(types) as unknown } });
      return undefined;
    }
    done();
    const wanted = request.outputParameters ?? [];
    const present = wanted.filter((name) => name in variables);
    return {
      success: present.length === wanted.length,
      outputParameters: present.map((name) => ({ name, value: variables[name]?.value })),
    };
  });
  kernel = new FakeKernel(remote);
});

function setVariable(name: string, type: string, value?: unknown): void {
  variables[name] = { type, value };
  for (const session of remote.live.values()) session.objects.add(name);
}

/** Calls about services and snapshots, in order. */
function calls(): readonly string[] {
  return remote.calls.filter((call) =>
    /^(?:services|realtime|webService|snapshots)|napshot/.test(call),
  );
}

/** The calls that change something on the server. */
function changes(): readonly string[] {
  return calls().filter((call) => /publish|update|delete|create|Batch|consume/.test(call));
}

const texts = ({ outputs }: CellOutcome): readonly unknown[] =>
  outputs.flatMap((output) => ('display' in output ? [output.display.data['text/plain']] : []));

const values = ({ outputs }: CellOutcome): readonly unknown[] =>
  outputs.flatMap((output) =>
    'display' in output
      ? [(output.display.metadata['rserver'] as { value?: unknown } | undefined)?.value]
      : [],
  );

function addService(parts: Partial<typeof EMPTY_SERVICE> = {}): void {
  remote.published.all.push({
    ...EMPTY_SERVICE,
    name: 'Cars',
    version: '1.0',
    inputParameterDefinitions: [
      { name: 'hp', type: 'numeric' },
      { name: 'wt', type: 'numeric' },
    ],
    outputParameterDefinitions: [{ name: 'answer', type: 'numeric' }],
    ...parts,
  });
}

describe('%%publish', () => {
  const cell = '%%publish Cars 1.0 --inputs hp:numeric,wt:float --outputs answer:numeric';

  test('makes a snapshot named after the service, then publishes the cell with it', async () => {
    const outcome = await kernel.run(
      `${cell} --alias f --description "Two words" --artifacts a.csv,b.png --init-code 'x <- 1'\nanswer <- hp\n`,
    );

    expect(outcome.result.status).toBe('ok');
    expect(calls()).toEqual([
      'services.listVersions Cars',
      'sessions.createSnapshot session-1 Cars 1.0',
      'services.publish Cars 1.0',
      'services.listVersions Cars',
    ]);
    expect(remote.published.requests).toEqual([
      {
        code: 'answer <- hp',
        runtimeType: 'R',
        inputParameterDefinitions: [
          { name: 'hp', type: 'numeric' },
          { name: 'wt', type: 'numeric' },
        ],
        outputParameterDefinitions: [{ name: 'answer', type: 'numeric' }],
        initCode: 'x <- 1',
        outputFileNames: ['a.csv', 'b.png'],
        operationId: 'f',
        description: 'Two words',
        snapshotId: 'snapshot-2',
      },
    ]);
    expect(values(outcome)).toMatchObject([
      { url: 'http://fake.example:12800/api/Cars/1.0', snapshot: 'Cars 1.0' },
    ]);
  });

  test('shows how to call the service, with a place for the token', async () => {
    const outcome = await kernel.run(`${cell} --no-snapshot --test hp=120,wt=2.8\nanswer <- hp`);

    const [card] = texts(outcome);
    expect(card).toContain(
      [
        'curl:',
        "curl -X POST 'http://fake.example:12800/api/Cars/1.0' \\",
        "  -H 'Authorization: Bearer <access token>' \\",
        "  -H 'Content-Type: application/json' \\",
        '  -d \'{"hp":120,"wt":2.8}\'',
      ].join('\n'),
    );
    expect(card).toContain('json={"hp": 120, "wt": 2.8})');
    expect(card).toContain('body = \'{"hp":120,"wt":2.8}\')');
    expect(card).toContain('  swagger   http://fake.example:12800/api/Cars/1.0/swagger.json');
  });

  test('takes types that are left out from the session', async () => {
    setVariable('hp', 'integer');

    await kernel.run('%%publish Cars 1.0 --no-snapshot --inputs hp,wt:vector\n1');

    expect(remote.published.requests).toMatchObject([
      {
        inputParameterDefinitions: [
          { name: 'hp', type: 'integer' },
          { name: 'wt', type: 'vector' },
        ],
      },
    ]);
  });

  test.each([
    ['a variable that is not there', '--inputs nope', 'The session has no variable "nope"'],
    ['a variable of no such type', '--outputs model', '"model" is of class thing in the session'],
  ])('wants the type of %s', async (_what, options, message) => {
    setVariable('model', '');

    const { result } = await kernel.run(`%%publish Cars 1.0 ${options}\n1`);

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_TYPE',
      evalue: expect.stringContaining(message) as string,
    });
    expect(changes()).toEqual([]);
  });

  test('says so where the session cannot be asked for types', async () => {
    kernel = new FakeKernel(remote, { settings: { display: 'plain' } });

    const { result } = await kernel.run('%%publish Cars 1.0 --inputs hp\n1');

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_TYPE',
      evalue: expect.stringContaining('cannot be asked') as string,
    });
  });

  test('a dry run shows what would be sent, and sends nothing', async () => {
    const outcome = await kernel.run(`${cell} --dry-run --test hp=1,wt=2\nanswer <- hp`);

    expect(calls()).toEqual([]);
    expect(values(outcome)).toMatchObject([
      {
        method: 'POST',
        path: '/services/Cars/1.0',
        body: { code: 'answer <- hp', snapshotId: '(a new snapshot "Cars 1.0")' },
        test: { hp: 1, wt: 2 },
      },
    ]);
  });

  test('a version that is there is refused before anything is made', async () => {
    addService();

    const { result } = await kernel.run(`${cell}\n1`);

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_EXISTS',
      evalue: expect.stringContaining('published already by ada') as string,
      traceback: expect.arrayContaining([expect.stringContaining('--update')]) as string[],
    });
    expect(changes()).toEqual([]);
  });

  test('a version that comes up meanwhile is told as one, and the snapshot goes away', async () => {
    remote.fail('services.publish', clientError('CLIENT_STATUS', { statusCode: 409 }));
    remote.onCall = (call) => {
      if (call.startsWith('sessions.createSnapshot')) addService();
    };

    const { result } = await kernel.run(`${cell}\n1`);

    expect(result).toMatchObject({ ename: 'BRIDGE_SERVICE_EXISTS' });
    expect(remote.snapshotEntries).toEqual([]);
  });

  test('a refused publication leaves no snapshot', async () => {
    remote.fail('services.publish', clientError('CLIENT_STATUS', { statusCode: 400 }));

    const { result } = await kernel.run(`${cell}\n1`);

    expect(result).toMatchObject({ ename: 'CLIENT_STATUS' });
    expect(remote.snapshotEntries).toEqual([]);
  });

  test('a snapshot that was given stays when publishing fails', async () => {
    remote.addSnapshot('Kept');
    remote.fail('services.publish', clientError('CLIENT_STATUS', { statusCode: 400 }));

    await kernel.run(`${cell} --snapshot Kept\n1`);

    expect(remote.snapshotEntries.map(({ name }) => name)).toEqual(['Kept']);
  });

  test('a test call that fails takes the service and its snapshot back', async () => {
    remote.published.answer = () => ({
      success: false,
      errorMessage: 'Error: no',
      consoleOutput: 'hm\n',
    });

    const { result, text } = await kernel.run(`${cell} --test hp=1,wt=2\n1`);

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_FAILED',
      evalue: expect.stringContaining('Error: no') as string,
      traceback: expect.arrayContaining([
        expect.stringContaining('Nothing was published'),
      ]) as string[],
    });
    expect(text).toBe('hm\n');
    expect(remote.published.all).toEqual([]);
    expect(remote.snapshotEntries).toEqual([]);
  });

  test('what is made after an interrupt is taken back', async () => {
    const controller = new AbortController();
    remote.onCall = (call) => {
      if (call.startsWith('sessions.createSnapshot')) controller.abort();
    };

    const { result } = await kernel.run(`${cell}\n1`, { signal: controller.signal });

    expect(result).toMatchObject({ ename: 'Interrupt' });
    await new Promise(setImmediate);
    expect(remote.snapshotEntries).toEqual([]);
    expect(remote.published.all).toEqual([]);
  });

  test('an update changes the latest version, and only what is given', async () => {
    addService();
    addService({ version: '2.0' });

    const outcome = await kernel.run('%%publish Cars --update --no-snapshot\nanswer <- 2');

    expect(changes()).toEqual(['services.update Cars 2.0']);
    expect(remote.published.requests).toEqual([{ code: 'answer <- 2', runtimeType: 'R' }]);
    expect(texts(outcome)[0]).toContain('Service Cars 2.0 changed.');
  });

  test('an update of what is not there is told', async () => {
    addService();

    const { result } = await kernel.run('%%publish Cars 9 --update\n1');

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_NOT_FOUND',
      evalue: expect.stringContaining('It has 1.0.') as string,
    });
    expect(changes()).toEqual([]);
  });

  test.each([
    ['without a name', '%%publish\n1'],
    ['without code', '%%publish Cars 1.0\n\n'],
    ['with an unknown type', '%%publish Cars 1.0 --inputs x:numerc\n1'],
    ['with a name twice', '%%publish Cars 1.0 --inputs x:numeric,x:numeric\n1'],
    ['with two wishes for a snapshot', '%%publish Cars 1.0 --snapshot A --no-snapshot\n1'],
    ['as a line', '%publish Cars 1.0'],
  ])('%s is a mistake', async (_what, code) => {
    const { result } = await kernel.run(code);

    expect(result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
    expect(changes()).toEqual([]);
  });
});

describe('%consume', () => {
  beforeEach(() => {
    addService();
    remote.published.answer = ({ hp, wt }) => ({
      outputParameters: { answer: Number(hp) + Number(wt) },
    });
  });

  test('calls a service once and shows its outputs as values', async () => {
    remote.published.answer = () => ({
      consoleOutput: 'working\n',
      outputParameters: { answer: 0.5, table: { a: [1, 2] } },
    });

    const outcome = await kernel.run('%consume Cars 1.0 hp=120 wt=2.8');

    expect(calls()).toEqual(['webService.consume Cars 1.0 {"hp":120,"wt":2.8}']);
    expect(outcome.text).toBe('working\n');
    expect(values(outcome)).toEqual([0.5, { a: [1, 2] }]);
    expect(texts(outcome)).toEqual(['answer: numeric\n0.5', 'table: data.frame 2 x 1\na\n1\n2']);
  });

  test('takes the latest version when none is given', async () => {
    addService({ version: '2.0' });

    await kernel.run('%consume Cars hp=1 wt=1');

    expect(calls().at(-1)).toContain('webService.consume Cars 2.0');
  });

  test('takes inputs from the cell, and variables of the session by $', async () => {
    addService({ name: 'V', inputParameterDefinitions: [{ name: 'x', type: 'vector' }] });
    await kernel.run('1');
    setVariable('three', 'numeric', 3);

    await kernel.run('%%consume Cars 1.0\n{"hp": 1, "wt": 2}');
    await kernel.run('%consume V 1.0 x=$three');

    expect(changes()).toEqual([
      'webService.consume Cars 1.0 {"hp":1,"wt":2}',
      'webService.consume V 1.0 {"x":[3]}',
    ]);
  });

  test('puts outputs into the session', async () => {
    await kernel.run('%consume Cars 1.0 hp=1 wt=2 --into one');
    remote.published.answer = () => ({ outputParameters: { a: 1, b: 'x' } });
    await kernel.run('%consume Cars 1.0 hp=1 wt=2 --into both');

    const assigned = remote.requests.flatMap(({ inputParameters = [] }) => inputParameters);
    expect(assigned).toEqual([
      { name: 'one', value: 3 },
      { name: 'both', value: { a: 1, b: 'x' } },
    ]);
  });

  test('a service that fails is the failure of the cell, after what it printed', async () => {
    remote.published.answer = () => ({
      success: false,
      errorMessage: 'Error in f(): no\n',
      consoleOutput: 'before\n',
    });

    const { result, text } = await kernel.run('%consume Cars 1.0 hp=1 wt=2');

    expect(text).toBe('before\n');
    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_FAILED',
      evalue: 'Cars 1.0 failed: Error in f(): no',
    });
  });

  test('a service that is not there is told, with the versions there are', async () => {
    const { result } = await kernel.run('%consume Cars 7 hp=1');

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_NOT_FOUND',
      evalue: 'Service Cars has no version "7". It has 1.0.',
    });
  });

  test('shows files: images as images, text by its first lines, and saves them', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rserver-consume-'));
    const lines = Array.from({ length: 25 }, (_, index) => `line <${index}>`).join('\n');
    remote.published.answer = () => ({
      outputFiles: {
        'plot.png': Buffer.from('image'),
        'log.txt': Buffer.from(lines),
        'none.csv': null,
      },
    });

    const outcome = await kernel.run(`%consume Cars 1.0 hp=1 wt=2 --save "${folder}"`);

    const displays = outcome.outputs.flatMap((output) =>
      'display' in output ? [output.display.data] : [],
    );
    expect(displays[0]).toEqual({
      'image/png': Buffer.from('image').toString('base64'),
      'text/plain': 'plot.png (5 B)',
    });
    expect(displays[1]?.['text/plain']).toMatch(/line <19>\n\(5 more lines\)$/);
    expect(displays[1]?.['text/html']).toContain('line &lt;0&gt;');
    expect(displays[1]?.['text/html']).toContain('download="log.txt"');
    expect(outcome.text).toContain('The service made no file none.csv.');
    expect(await readFile(path.join(folder, 'log.txt'), 'utf8')).toBe(lines);
    await rm(folder, { recursive: true });
  });

  test('reads inputs from a file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rserver-consume-'));
    await writeFile(path.join(folder, 'in.json'), '{"hp": 5, "wt": 6}');

    await kernel.run(`%consume Cars 1.0 @"${folder}/in.json"`);
    await rm(folder, { recursive: true });

    expect(changes()).toEqual(['webService.consume Cars 1.0 {"hp":5,"wt":6}']);
  });

  test.each([
    ['a value that is no JSON', '%consume Cars 1.0 hp=abc', 'BRIDGE_INPUT_VALUE'],
    ['a variable that is not there', '%consume Cars 1.0 hp=$nope', 'BRIDGE_OBJECT_NOT_FOUND'],
    ['--data without --batch', '%consume Cars 1.0 --data df', 'BRIDGE_MAGIC_USAGE'],
    ['a batch without items', '%%consume --batch Cars 1.0\n', 'BRIDGE_MAGIC_USAGE'],
    ['a batch that is no list', '%%consume --batch Cars 1.0\n{"hp": 1}', 'BRIDGE_INPUT_VALUE'],
  ])('%s is a mistake', async (_what, code, ename) => {
    const { result } = await kernel.run(code);

    expect(result).toMatchObject({ ename });
    expect(changes()).toEqual([]);
  });
});

describe('%%consume --batch', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const cell = '%%consume --batch Cars 1.0\n[{"hp": 1, "wt": 2}, {"hp": 3, "wt": 4}]';

  beforeEach(() => {
    addService();
    remote.published.answer = ({ hp, wt }) => ({
      outputParameters: { answer: [Number(hp) + Number(wt)] },
    });
  });

  test('shows one table and leaves nothing on the server', async () => {
    const outcome = await kernel.run(cell);

    expect(values(outcome)).toEqual([{ hp: [1, 3], wt: [2, 4], answer: [3, 7] }]);
    expect(outcome.outputs).toHaveLength(1);
    expect(changes()).toEqual(['webService.startBatch Cars 1.0', 'webService.cancelBatch batch-1']);
  });

  test('runs over the columns of a data frame that the service wants', async () => {
    await kernel.run('1');
    setVariable('df', 'data.frame', { name: ['a', 'b'], hp: [1, 2], wt: [3, 4] });

    const outcome = await kernel.run('%consume --batch Cars --data df --into got');

    expect(values(outcome)).toEqual([{ hp: [1, 2], wt: [3, 4], answer: [4, 6] }]);
    expect(remote.requests.at(-1)?.inputParameters).toEqual([
      { name: 'got', value: { hp: [1, 2], wt: [3, 4], answer: [4, 6] } },
    ]);
  });

  test('somebody who watches sees how far it is', async () => {
    remote.published.batchStates.push({ completedItemCount: 1 });
    const input = { allowed: true, requestInput: () => Promise.resolve('') };

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const running = kernel.run(cell, { input });
    await vi.advanceTimersByTimeAsync(10_000);
    const { outputs } = await running;

    const lines = outputs.flatMap((output) =>
      'display' in output
        ? [output.display.data['text/html']]
        : 'update' in output
          ? [`update ${String(output.update.data['text/html'])}`]
          : [],
    );
    // The bar goes when the results come.
    expect(lines.slice(0, 2)).toEqual([
      'Batch of Cars 1.0: 1 of 2 items done <progress value="1" max="2"></progress>',
      'update Batch of Cars 1.0: 2 items done',
    ]);
    expect(lines).toHaveLength(3);
  });

  test('somebody who watches sees the results alone of what is done at once', async () => {
    const input = { allowed: true, requestInput: () => Promise.resolve('') };

    const { outputs } = await kernel.run(cell, { input });

    expect(outputs).toHaveLength(1);
  });

  test('an interrupt cancels it', async () => {
    const controller = new AbortController();
    remote.published.batchStates.push(...Array.from({ length: 100 }, () => ({})));
    remote.onCall = (call) => {
      if (call.startsWith('webService.batchStatus')) controller.abort();
    };

    const { result } = await kernel.run(cell, { signal: controller.signal });

    expect(result).toMatchObject({ ename: 'Interrupt' });
    expect(changes().at(-1)).toBe('webService.cancelBatch batch-1');
  });

  test('fails when every call fails', async () => {
    remote.published.answer = () => ({ success: false, errorMessage: 'no' });

    const { result } = await kernel.run(cell);

    expect(result).toMatchObject({
      ename: 'BRIDGE_SERVICE_FAILED',
      evalue: 'Every call of Cars 1.0 failed: no',
    });
  });
});

describe('%services, %service', () => {
  test('list services with their inputs and outputs', async () => {
    addService({ description: 'Cars' });

    const outcome = await kernel.run('%services');

    expect(texts(outcome)).toEqual([
      'Services\nname  version  language  inputs                  outputs         published by  at                description\n' +
        'Cars  1.0      R         hp:numeric, wt:numeric  answer:numeric  ada           2017-04-13 10:00  Cars',
    ]);
  });

  test('without a session', async () => {
    await kernel.run('%services Nobody');

    expect(remote.calls).toEqual(['services.listVersions Nobody']);
  });

  test('an update of a Python service says its language again', async () => {
    addService({ runtimeType: 'Python' });

    await kernel.run('%service Cars 1.0 update --description "New words"');

    expect(remote.published.requests).toEqual([
      { description: 'New words', runtimeType: 'Python' },
    ]);
  });

  test('an update of a realtime service goes its own way', async () => {
    addService({ runtimeType: 'Realtime' });

    const changed = await kernel.run('%service Cars 1.0 update --alias f');
    const refused = await kernel.run('%service Cars 1.0 update --inputs x:numeric');

    expect(changed.result.status).toBe('ok');
    expect(changes()).toEqual(['realtimeServices.update Cars 1.0']);
    expect(refused.result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
  });

  test('code is shown where the server tells it', async () => {
    addService({ code: 'answer <- hp' });

    const outcome = await kernel.run('%service Cars');

    expect(texts(outcome)[0]).toContain('code:\nanswer <- hp');
    expect(texts(outcome)[0]).not.toContain('init code');
  });

  test('delete wants the version', async () => {
    addService();

    const { result } = await kernel.run('%service Cars delete');

    expect(result).toMatchObject({ ename: 'BRIDGE_MAGIC_USAGE' });
    expect(remote.published.all).toHaveLength(1);
  });
});

describe('%realtime', () => {
  test('publishes the object as the server has it', async () => {
    await kernel.run('1');
    setVariable('model', '');

    const { result } = await kernel.run('%realtime publish Score 1 --model model');

    expect(result.status).toBe('ok');
    expect(changes()).toEqual(['realtimeServices.publish Score 1 object model']);
  });

  test('a variable that is not there is told', async () => {
    const { result } = await kernel.run('%realtime publish Score 1 --model nope');

    expect(result).toMatchObject({ ename: 'BRIDGE_OBJECT_NOT_FOUND' });
  });

  test('a version that is there is refused', async () => {
    addService({ name: 'Score', version: '1' });
    await kernel.run('1');
    setVariable('model', '');

    const { result } = await kernel.run('%realtime publish Score 1 --model model');

    expect(result).toMatchObject({ ename: 'BRIDGE_SERVICE_EXISTS' });
    expect(changes()).toEqual([]);
  });
});

describe('beside a running cell', () => {
  test.each([
    ['%services', true],
    ['%consume Cars 1.0 hp=1', true],
    ['%%consume --batch Cars\n[{"hp": 1}]', true],
    ['%consume Cars 1.0 hp=1 --into x', false],
    ['%consume Cars 1.0 df=$df', false],
    ['%consume --batch Cars --data df', false],
    ['%%publish Cars 1.0\n1', false],
  ])('may run: %s %s', (code, expected) => {
    expect(kernel.interpreter.canRunBeside?.(code)).toBe(expected);
  });
});

describe('completion', () => {
  const complete = async (code: string): Promise<readonly string[]> =>
    (await kernel.interpreter.complete(code, code.length)).matches;

  test('knows the services that cells have seen, and asks nobody', async () => {
    addService();
    addService({ version: '2.0' });
    await kernel.run('%services');
    const before = remote.calls.length;

    expect(await complete('%consume Ca')).toEqual(['Cars']);
    expect(await complete('%service Cars ')).toEqual([
      '1.0',
      '2.0',
      'show',
      'swagger',
      'update',
      'delete',
    ]);
    expect(await complete('%consume Cars 1.0 hp=1 ')).toEqual(['wt=']);
    expect(await complete('%%publish Cars 1.0 --no')).toEqual(['--no-snapshot']);
    expect(remote.calls).toHaveLength(before);
  });

  test('forgets a service that is gone', async () => {
    addService();
    await kernel.run('%services');
    await kernel.run('%service Cars 1.0 delete');

    expect(await complete('%service Ca')).toEqual([]);
  });
});
