// The ways in which servers and documents contradict one another (docs/rest-api.md): the client takes both sides.
import { describe, expect, test } from 'vitest';
import { json, text, tokens } from '../../helpers/fault-server.js';
import { makeClient, serve } from './make-client.js';

const service = { name: 'n', version: 'v', code: 'y <- x' };

describe('contradictions', () => {
  test.each([
    ['a list', [service]],
    ['an object', service],
  ])('one version of a service may come as %s', async (_name, body) => {
    const server = await serve();
    server.script('GET /services/n/v', json(200, body));

    const { name, version, code } = await makeClient(server.url).services.get('n', 'v');

    expect({ name, version, code }).toEqual(service);
  });

  test.each([
    ['a number', Math.floor(Date.now() / 1000) + 3600],
    ['a text', String(Math.floor(Date.now() / 1000) + 3600)],
    ['absent', undefined],
  ])('expires_on may be %s', async (_name, expiresOn) => {
    const server = await serve();
    server.script('POST /login', json(200, { access_token: 'a', expires_on: expiresOn }));
    server.script('GET /sessions', json(200, []));
    const client = makeClient(server.url);

    await client.sessions.list();
    await client.sessions.list();

    expect(server.pathsOf('POST')).toEqual(['/login']);
  });

  test('both shapes of errors are read, and what is no JSON too', async () => {
    const server = await serve();
    const messages: unknown[] = [];
    for (const reply of [
      json(400, { message: 'core', link: '', exceptionType: 'X' }),
      json(400, { code: 400, message: 'service', fields: 'x' }),
      text(400, 'Bad Request'),
    ]) {
      server.script('POST /api/n/v', reply);

      const error: unknown = await makeClient(server.url)
        .webService.consume('n', 'v', {})
        .catch((reason: unknown) => reason);

      messages.push((error as { facts: Record<string, unknown> }).facts['serverMessage']);
    }

    expect(messages).toEqual(['core', 'service (x)', 'Bad Request']);
  });

  test.each(['batchExecutionId', 'BatchExecutionId'])(
    'the id of a batch may be called %s',
    async (field) => {
      const server = await serve();
      server.script('POST /api/n/v/batch', json(202, { [field]: 'e1' }));

      const id = await makeClient(server.url).webService.startBatch('n', 'v', [{ x: 1 }], {
        parallelCount: 3,
      });

      expect(id).toBe('e1');
      expect(server.requests.at(-1)?.path).toBe('/api/n/v/batch?parallelCount=3');
      expect(String(server.requests.at(-1)?.body)).toBe('[{"x":1}]');
    },
  );

  test.each([
    ['complete', 'complete'],
    ['Complete', 'complete'],
    ['inProgress', 'inProgress'],
    ['InProgress', 'inProgress'],
    ['Failed', 'failed'],
    ['failed', 'failed'],
    ['Ready', 'ready'],
  ])('the state %s of a batch means %s', async (word, state) => {
    const server = await serve();
    server.script(
      'GET /api/n/v/batch/e1',
      json(200, {
        state: word,
        completedItemCount: 0,
        totalItemCount: 1,
        batchExecutionResults: [],
      }),
    );

    const status = await makeClient(server.url).webService.batchStatus('n', 'v', 'e1');

    expect(status).toEqual({ state, completedItemCount: 0, totalItemCount: 1, results: [] });
  });

  test('partial results are asked for in both spellings, and files come as bytes or as null', async () => {
    const server = await serve();
    server.script(
      'GET /api/n/v/batch/e1',
      json(200, {
        state: 'Complete',
        completedItemCount: 1,
        totalItemCount: 1,
        batchExecutionResults: [
          {
            success: true,
            outputParameters: { answer: { am_Pred: [0.5332668559970368] } },
            outputFiles: { 'image.png': null, 'answer.csv': 'LGFtX1ByZWQNCg==' },
            consoleOutput: 'a\r\n',
          },
        ],
      }),
    );

    const { results } = await makeClient(server.url).webService.batchStatus('n', 'v', 'e1', {
      showPartialResults: true,
    });

    expect(server.requests.at(-1)?.path).toBe(
      '/api/n/v/batch/e1?showPartialResults=true&showPartialResult=true',
    );
    expect(results).toEqual([
      {
        success: true,
        errorMessage: '',
        outputParameters: { answer: { am_Pred: [0.5332668559970368] } },
        outputFiles: { 'image.png': null, 'answer.csv': Buffer.from(',am_Pred\r\n') },
        consoleOutput: 'a\n',
        changedFiles: [],
      },
    ]);
  });

  test('the files of a batch item may be null', async () => {
    const server = await serve();
    server.script('GET /api/n/v/batch/e1/0/files', json(200, null));

    expect(await makeClient(server.url).webService.batchFiles('n', 'v', 'e1', 0)).toEqual([]);
  });

  test.each([
    ['the document', json(200, { swagger: '2.0' })],
    [
      'the document as text/plain',
      text(200, '{"swagger":"2.0"}', { 'content-type': 'text/plain' }),
    ],
    ['a text in swaggerJson, as 9.0.1', json(200, { swaggerJson: '{"swagger":"2.0"}' })],
    ['a JSON text', json(200, '{"swagger":"2.0"}')],
  ])('the Swagger file of a service may come as %s', async (_name, reply) => {
    const server = await serve();
    server.script('GET /api/n/v/swagger.json', reply);

    expect(await makeClient(server.url).webService.swagger('n', 'v')).toEqual({ swagger: '2.0' });
  });

  test('the colours of 9.0.1 are read as a status', async () => {
    const server = await serve();
    server.script('GET /status', json(200, { statusCode: 'green', components: null, details: {} }));

    expect(await makeClient(server.url).status()).toEqual({
      statusCode: 'pass',
      components: {},
      details: {},
    });
  });

  test('the permission on a service may have the spelling of mrsdeploy', async () => {
    const server = await serve();
    server.script(
      'GET /services/n',
      json(200, [{ ...service, myPermissionsOnService: 'read/write' }]),
    );

    const [first] = await makeClient(server.url).services.listVersions('n');

    expect(first?.myPermissionOnService).toBe('read/write');
  });

  test.each([
    ['the version as JSON', json(201, 'guid-1'), 'guid-1'],
    ['the version as plain text', text(201, 'guid-1'), 'guid-1'],
    ['nothing', text(201, ''), 'guid-2'],
  ])('publishing without a version may answer %s', async (_name, reply, expected) => {
    const server = await serve();
    server.script('POST /services/n', reply);
    server.script(
      'GET /services/n',
      json(200, [
        { ...service, version: 'guid-0' },
        { ...service, version: 'guid-2' },
      ]),
    );

    const version = await makeClient(server.url).services.publish('n', undefined, {
      code: 'y <- x',
    });

    expect(version).toBe(expected);
  });

  test('an execution may lack fields, have nulls, or name its outputs in a map', async () => {
    const server = await serve();
    server.script(
      'POST /sessions/s1/execute',
      json(200, { success: true }),
      json(200, {
        success: false,
        errorMessage: 'no\r\n',
        outputParameters: null,
        consoleOutput: null,
        changedFiles: null,
      }),
      json(200, { errorMessage: '', outputParameters: { y: 1 } }),
    );
    const client = makeClient(server.url);
    const run = () => client.sessions.execute('s1', { code: 'x' });
    const nothing = { errorMessage: '', outputParameters: [], consoleOutput: '', changedFiles: [] };

    expect([await run(), await run(), await run()]).toEqual([
      { ...nothing, success: true },
      { ...nothing, success: false, errorMessage: 'no\n' },
      { ...nothing, success: true, outputParameters: [{ name: 'y', value: 1 }] },
    ]);
  });

  test('the sizes and times of snapshots are kept as they come', async () => {
    const server = await serve();
    server.script(
      'GET /snapshots',
      json(200, [
        { id: 'p1', name: 'Iris', owner: 'alice', creationTime: '2017-06-29', contentSize: '1234' },
        {
          id: 'p2',
          name: null,
          owner: 'alice',
          creationTime: '2017-06-29T10:00:00.1234567',
          contentSize: 5,
        },
      ]),
    );

    expect(await makeClient(server.url).snapshots.list()).toEqual([
      { id: 'p1', name: 'Iris', owner: 'alice', creationTime: '2017-06-29', contentSize: 1234 },
      {
        id: 'p2',
        name: '',
        owner: 'alice',
        creationTime: '2017-06-29T10:00:00.1234567',
        contentSize: 5,
      },
    ]);
  });

  test('a byte order mark before an answer does not matter', async () => {
    const server = await serve();
    server.script('POST /login', tokens('access-1'));
    server.script('GET /sessions', text(200, '\uFEFF[]'));

    expect(await makeClient(server.url).sessions.list()).toEqual([]);
  });
});
