// What the client sends, call by call, and how it reads the answers, over real HTTP.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer, text as readText } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { json, text } from '../../helpers/fault-server.js';
import { makeClient, PASSWORD, serve } from './make-client.js';

describe('requests', () => {
  test('the first call logs in with user name and password and sends the token from then on', async () => {
    const server = await serve();
    server.script('GET /sessions', json(200, []));
    const client = makeClient(server.url);

    await client.sessions.list();
    await client.sessions.list();

    expect(server.requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      'POST /login',
      'GET /sessions',
      'GET /sessions',
    ]);
    expect(JSON.parse(String(server.requests[0]?.body))).toEqual({
      username: 'alice',
      password: PASSWORD,
    });
    expect(server.requests[0]?.headers.authorization).toBe(undefined);
    expect(server.requests[2]?.headers.authorization).toBe('Bearer access-1');
  });

  test('an execution sends code, inputs and outputs and gives back the result with plain line ends', async () => {
    const server = await serve();
    server.script(
      'POST /sessions/s1/execute',
      json(200, {
        success: true,
        errorMessage: '',
        outputParameters: [{ name: 'y', value: [1, 2] }],
        consoleOutput: 'a\r\nb\rc\r\n',
        changedFiles: ['plot.png'],
      }),
    );
    const client = makeClient(server.url);

    const result = await client.sessions.execute('s1', {
      code: 'y <- x',
      inputParameters: [{ name: 'x', value: [1, 2] }],
      outputParameters: ['y'],
      source: 'typed',
    });

    expect(result).toEqual({
      success: true,
      errorMessage: '',
      outputParameters: [{ name: 'y', value: [1, 2] }],
      consoleOutput: 'a\nb\rc\n',
      changedFiles: ['plot.png'],
    });
    const request = server.requests.at(-1);
    expect(request?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(String(request?.body))).toEqual({
      code: 'y <- x',
      inputParameters: [{ name: 'x', value: [1, 2] }],
      outputParameters: ['y'],
    });
  });

  test('the extension fields are sent only to a server that offers them', async () => {
    const server = await serve();
    server.script(
      'POST /sessions',
      json(201, { sessionId: 's1' }, { 'RServer-Extensions': 'events, source' }),
    );
    server.script('POST /sessions/s1/execute', json(200, { success: true }));
    const client = makeClient(server.url);
    const plain = makeClient(server.url, { extensions: 'off' });
    const run = async (runner: typeof client): Promise<unknown> => {
      await runner.sessions.create();
      await runner.sessions.execute(
        's1',
        { code: 'x', source: 'typed' },
        { executionId: 'e1', consoleByEvents: true },
      );
      const last = server.requests.at(-1);
      const { body, headers } = { body: last?.body, headers: last?.headers };
      return [
        JSON.parse(String(body)),
        headers?.['rserver-execution-id'],
        headers?.['rserver-console-output'],
      ];
    };

    const withExtensions = await run(client);
    const without = await run(plain);

    expect(withExtensions).toEqual([{ code: 'x', source: 'typed' }, 'e1', 'events']);
    expect(without).toEqual([{ code: 'x' }, undefined, undefined]);
    expect([...client.extensions]).toEqual(['events', 'source']);
    expect([...plain.extensions]).toEqual([]);
  });

  test('names are percent-encoded, so that no name can leave its path', async () => {
    const server = await serve();
    const client = makeClient(server.url);
    const encoded = '/sessions/s1/files/a%20b%2F..%2F%C3%A4%3F%23.csv';
    server.script(`GET ${encoded}`, text(200, 'x'));
    server.script('GET /sessions/s1/workspace/%2E%2E', text(200, 'y'));

    await client.files.getBuffer('s1', 'a b/../ä?#.csv');
    await client.workspace.get('s1', '..');

    expect(server.pathsOf('GET')).toEqual([encoded, '/sessions/s1/workspace/%2E%2E']);
  });

  test('a path before the API and custom headers are kept on every request', async () => {
    const server = await serve();
    server.script('POST /mls/login', json(200, { access_token: 'a' }));
    server.script('GET /mls/sessions', json(200, []));
    const client = makeClient(`${server.url}/mls/`, { headers: { 'X-Team': 'blue' } });

    await client.sessions.list();

    expect(server.requests.map(({ path, headers }) => [path, headers['x-team']])).toEqual([
      ['/mls/login', 'blue'],
      ['/mls/sessions', 'blue'],
    ]);
    expect(client.url).toBe(`${server.url}/mls`);
  });

  test('a file is uploaded as one multipart part named file, from memory and from a stream', async () => {
    const server = await serve();
    server.script('POST /sessions/s1/files', text(201, ''));
    const client = makeClient(server.url);

    await client.files.upload('s1', 'données.csv', Buffer.from('a,b\n1,2\n'));
    await client.files.upload(
      's1',
      'big.bin',
      Readable.from([Buffer.from('one'), Buffer.from('two')]),
    );

    const [fromMemory, fromStream] = server.requests.slice(1).map((request) => {
      const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? '?';
      return String(request.body).replaceAll(boundary, 'B');
    });
    expect(fromMemory).toBe(
      [
        '--B',
        `Content-Disposition: form-data; name="file"; filename="données.csv"; filename*=UTF-8''donn%C3%A9es.csv`,
        'Content-Type: application/octet-stream',
        '',
        'a,b\n1,2\n',
        '--B--',
        '',
      ].join('\r\n'),
    );
    expect(fromStream).toBe(
      [
        '--B',
        'Content-Disposition: form-data; name="file"; filename="big.bin"',
        'Content-Type: application/octet-stream',
        '',
        'onetwo',
        '--B--',
        '',
      ].join('\r\n'),
    );
  });

  test('workspace objects go as raw bytes in both directions', async () => {
    const bytes = Buffer.from([0x58, 0x0a, 0, 0xff, 0x0d, 0x0a]);
    const server = await serve();
    server.script('POST /sessions/s1/workspace/m', text(200, ''));
    server.script('GET /sessions/s1/workspace/m', text(200, bytes));
    const client = makeClient(server.url);

    await client.workspace.set('s1', 'm', bytes);
    const returned = await client.workspace.get('s1', 'm');

    expect(server.requests[1]?.body).toEqual(bytes);
    expect(server.requests[1]?.headers['content-type']).toBe('application/octet-stream');
    expect(returned).toEqual(bytes);
  });

  test('a large download streams with back pressure and arrives whole', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, 'rserver');
    const server = await serve();
    server.script('GET /snapshots/p1', text(200, bytes));
    const client = makeClient(server.url);

    const stream = await client.snapshots.get('p1');
    const read = await buffer(stream);

    expect(read.equals(bytes)).toBe(true);
  });

  test('a download that its reader gives up leaves the client usable', async () => {
    const server = await serve();
    server.script('GET /snapshots/p1', text(200, Buffer.alloc(8 * 1024 * 1024)));
    server.script('GET /sessions', json(200, []));
    const client = makeClient(server.url);

    const stream = await client.snapshots.get('p1');
    await once(stream, 'readable');
    stream.destroy();
    const sessions = await client.sessions.list();

    expect(sessions).toEqual([]);
  });

  test('a long execution does not hold up other calls', async () => {
    const server = await serve();
    let finish = (): void => undefined;
    server.script('POST /sessions/s1/execute', (_request, response) => {
      finish = () => response.writeHead(200).end('{"success":true}');
    });
    server.script('POST /sessions/s1/cancel', json(200, 'ok'));
    server.script('GET /sessions/s1/console-output', json(200, { consoleOutput: '50%\r' }));
    const client = makeClient(server.url);
    const arrived = server.received('POST /sessions/s1/execute');

    const running = client.sessions.execute('s1', { code: 'Sys.sleep(10)' });
    await arrived;
    const printed = await client.sessions.consoleOutput('s1');
    await client.sessions.cancel('s1');
    finish();

    expect(printed).toBe('50%');
    expect((await running).success).toBe(true);
  });

  test('every call of a resource goes to its own method and path', async () => {
    const server = await serve();
    const ok = json(200, []);
    const routes = [
      'DELETE /sessions/s',
      'DELETE /sessions/s/force',
      'GET /sessions/s/history',
      'GET /sessions/s/files',
      'DELETE /sessions/s/files/f',
      'GET /sessions/s/workspace',
      'DELETE /sessions/s/workspace/o',
      'POST /sessions/s/loadsnapshot/p',
      'GET /snapshots',
      'DELETE /snapshots/p',
      'GET /services',
      'GET /services/n',
      'PATCH /services/n/v',
      'DELETE /services/n/v',
      'POST /services/n/v/pool',
      'GET /services/n/v/pool',
      'DELETE /services/n/v/pool',
      'PATCH /realtime-services/n/v',
      'GET /api/n/v/batch',
      'DELETE /api/n/v/batch/e',
      'GET /api/n/v/batch/e/0/files',
      'GET /api/n/v/batch/e/0/files/f',
      'GET /computenodes',
      'POST /computenodes',
      'PUT /computenodes',
      'DELETE /computenodes',
    ];
    for (const route of routes) server.script(route, ok);
    const client = makeClient(server.url);
    await client.login();

    await client.sessions.close('s');
    await client.sessions.closeByForce('s');
    await client.sessions.history('s');
    await client.files.list('s');
    await client.files.delete('s', 'f');
    await client.workspace.list('s');
    await client.workspace.delete('s', 'o');
    await client.sessions.loadSnapshot('s', 'p');
    await client.snapshots.list();
    await client.snapshots.delete('p');
    await client.services.list();
    await client.services.listVersions('n');
    await client.services.update('n', 'v', { description: 'd' });
    await client.services.delete('n', 'v');
    await client.services.setPool('n', 'v', { initialPoolSize: 1, maxPoolSize: 2 });
    await client.services.poolStatus('n', 'v');
    await client.services.deletePool('n', 'v');
    await client.realtimeServices.update('n', 'v', { description: 'd' });
    await client.webService.listBatches('n', 'v');
    await client.webService.cancelBatch('n', 'v', 'e');
    await client.webService.batchFiles('n', 'v', 'e', 0);
    await client.webService.batchFile('n', 'v', 'e', 0, 'f');
    await client.computeNodes.list();
    await client.computeNodes.set(['http://a:12805']);
    await client.computeNodes.add(['http://b:12805']);
    await client.computeNodes.remove(['http://c:12805']);

    expect(server.requests.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual(routes);
    expect(server.requests.slice(-3).map(({ body }) => String(body))).toEqual([
      '{"entries":["http://a:12805"]}',
      '{"entries":["http://b:12805"]}',
      '{"entries":["http://c:12805"]}',
    ]);
    expect(String(server.requests.find(({ path }) => path.endsWith('/pool'))?.body)).toBe(
      '{"InitialPoolSize":1,"MaxPoolSize":2}',
    );
  });

  test('a model is published as a multipart form with what is said of it', async () => {
    const server = await serve();
    server.script('POST /realtime-services/kyphosis/v1', json(201, 'v1'));

    const version = await makeClient(server.url).realtimeServices.publish('kyphosis', 'v1', {
      model: Buffer.from('blob\u0001'),
      description: 'A model',
    });

    const names = [...String(server.requests.at(-1)?.body).matchAll(/name="(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(version).toBe('v1');
    expect(names).toEqual(['description', 'model']);
  });

  test('logging out revokes the refresh token, in the old form where the server knows no other', async () => {
    const server = await serve();
    server.script('POST /login', json(200, { access_token: 'access-1', refresh_token: 'a/b+c=' }));
    server.script('DELETE /login/refreshToken', json(404, {}));
    server.script('DELETE /login/refreshToken/a%2Fb%2Bc%3D', text(200, ''));
    const client = makeClient(server.url);
    await client.login();

    await client.logout();

    expect(server.pathsOf('DELETE')).toEqual([
      '/login/refreshToken?refreshToken=a%2Fb%2Bc%3D',
      '/login/refreshToken/a%2Fb%2Bc%3D',
    ]);
  });

  test('a stream download reads the same text as a whole one', async () => {
    const server = await serve();
    server.script('GET /sessions/s1/files/n.txt', text(200, 'notes'));
    const client = makeClient(server.url);

    const streamed = await readText(await client.files.get('s1', 'n.txt'));
    const whole = String(await client.files.getBuffer('s1', 'n.txt'));

    expect([streamed, whole]).toEqual(['notes', 'notes']);
  });
});
