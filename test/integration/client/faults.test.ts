// Each fault of the network or the server gives one code, plain words, and never a second execution.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDeferred, silentLogger } from '../../../src/base/index.js';
import { ClientError, type RServerClient } from '../../../src/client/index.js';
import {
  after,
  garbage,
  json,
  resetAfterRequest,
  resetMidBody,
  silence,
  slowBody,
  slowHeaders,
  text,
  type Reply,
} from '../../helpers/fault-server.js';
import { makeClient, PASSWORD, serve } from './make-client.js';

/** The error of a call that must fail. */
async function failure(work: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError))
    throw new Error(`expected a ClientError, got ${String(error)}`);
  return error;
}

/** A port of the loopback on which nothing listens. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const run = (client: RServerClient): Promise<unknown> =>
  client.sessions.execute('s1', { code: 'x <- 1' });

describe('faults', () => {
  test('a server that is not there is unreachable after a few tries', async () => {
    const client = makeClient(`http://127.0.0.1:${await freePort()}`);

    const error = await failure(run(client));

    expect(error.code).toBe('CLIENT_UNREACHABLE');
    expect(error.message).toBe(
      `The R Server at ${client.url} cannot be reached: nothing listens at that address.`,
    );
    expect(error.hint).toMatch(/Check the URL/);
  });

  test('a server that comes up between two tries is used', async () => {
    const port = await freePort();
    const server = net.createServer((socket) => {
      const body = '{"access_token":"a"}';
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
    onTestFinished(() => void server.close());
    const messages: string[] = [];
    const debug = (_facts: unknown, message: string): void => {
      messages.push(message);
      if (message === 'request failed') server.listen(port, '127.0.0.1');
    };
    const client = makeClient(`http://127.0.0.1:${port}`, { logger: { ...silentLogger, debug } });

    await client.login();

    expect(messages).toEqual(['request failed', 'request answered']);
  });

  test('an unknown host name is unreachable', async () => {
    const client = makeClient('http://no-such-host.invalid:12800');

    const error = await failure(client.login());

    expect(error.code).toBe('CLIENT_UNREACHABLE');
    expect(error.message).toMatch(/its name (?:is not known|could not be looked up)/);
  });

  test('the connection that breaks after an execution was sent leaves its outcome unknown, and it is sent once', async () => {
    const server = await serve();
    server.script('POST /sessions/s1/execute', resetAfterRequest);

    const error = await failure(run(makeClient(server.url)));

    expect(error.code).toBe('CLIENT_OUTCOME_UNKNOWN');
    expect(error.facts['sessionId']).toBe('s1');
    expect(server.pathsOf('POST')).toEqual(['/login', '/sessions/s1/execute']);
  });

  test.each<[string, Reply]>([
    ['that breaks in the middle', resetMidBody],
    ['that is cut but looks complete', text(200, '{"success": true, "consoleOut')],
    ['that a gateway gave up on', text(504, '<html><title>504 Gateway Time-out</title></html>')],
  ])('the answer of an execution %s leaves its outcome unknown', async (_name, reply) => {
    const server = await serve();
    server.script('POST /sessions/s1/execute', reply);

    const error = await failure(run(makeClient(server.url)));

    expect(error.code).toBe('CLIENT_OUTCOME_UNKNOWN');
    expect(server.pathsOf('POST')).toEqual(['/login', '/sessions/s1/execute']);
  });

  test.each<[string, string, (client: RServerClient) => Promise<unknown>]>([
    ['a snapshot', 'POST /sessions/s1/snapshot', (client) => client.sessions.createSnapshot('s1')],
    [
      'a publication',
      'POST /services/n/v',
      (client) => client.services.publish('n', 'v', { code: 'y <- x' }),
    ],
    ['a new session', 'POST /sessions', (client) => client.sessions.create()],
  ])('%s is not repeated after its answer was lost', async (_name, route, work) => {
    const server = await serve();
    server.script(route, resetAfterRequest);

    const error = await failure(work(makeClient(server.url)));

    expect(error.code).toBe('CLIENT_OUTCOME_UNKNOWN');
    expect(server.pathsOf('POST')).toHaveLength(2);
  });

  test('a GET is repeated when its answer was lost', async () => {
    const server = await serve();
    server.script('GET /sessions', resetAfterRequest, resetMidBody, json(200, [{ id: 's1' }]));

    const sessions = await makeClient(server.url).sessions.list();

    expect(sessions.map(({ id }) => id)).toEqual(['s1']);
  });

  test('a GET that is lost each time is unreachable after three tries', async () => {
    const server = await serve();
    server.script('GET /sessions', resetAfterRequest);

    const error = await failure(makeClient(server.url).sessions.list());

    expect(error.code).toBe('CLIENT_UNREACHABLE');
    expect(server.pathsOf('GET')).toHaveLength(3);
  });

  test.each<[string, Reply]>([
    ['404', json(404, { message: 'session not found', link: '', exceptionType: 'X' })],
    ['410', json(410, { message: 'gone' })],
    ['404 without words', text(404, '')],
  ])('a session that is gone (%s) is told as such', async (_name, reply) => {
    const server = await serve();
    server.script('POST /sessions/s1/execute', reply);

    const error = await failure(run(makeClient(server.url)));

    expect(error.code).toBe('CLIENT_SESSION_GONE');
    expect(error.facts['sessionId']).toBe('s1');
  });

  test.each([
    ['still there', [{ id: 's1' }], 'CLIENT_STATUS'],
    ['not there', [{ id: 's2' }], 'CLIENT_SESSION_GONE'],
  ])(
    'a 404 for a file of a genuine server is looked into: with the session %s',
    async (_name, sessions, code) => {
      const server = await serve();
      server.script('GET /sessions/s1/files/f', json(404, { message: 'not found' }));
      server.script('GET /sessions', json(200, sessions));

      const error = await failure(makeClient(server.url).files.getBuffer('s1', 'f'));

      expect(error.code).toBe(code);
    },
  );

  test('a 404 for a file of the embedded server says by its code that only the file is missing', async () => {
    const server = await serve();
    server.script(
      'GET /sessions/s1/files/f',
      json(404, { message: 'no file f', code: 'API_FILE_NOT_FOUND' }),
    );

    const error = await failure(makeClient(server.url).files.get('s1', 'f'));

    expect(error.code).toBe('CLIENT_STATUS');
    expect(error.facts).toMatchObject({ statusCode: 404, serverCode: 'API_FILE_NOT_FOUND' });
    expect(server.pathsOf('GET')).toEqual(['/sessions/s1/files/f']);
  });

  test('an unknown snapshot for a new session is a status, not a lost session', async () => {
    const server = await serve();
    server.script('POST /sessions', json(404, { message: 'session not found' }));

    const error = await failure(makeClient(server.url).sessions.create({ snapshotId: 'p' }));

    expect(error.code).toBe('CLIENT_STATUS');
    expect(error.facts).toMatchObject({ statusCode: 404, serverMessage: 'session not found' });
  });

  test('a busy server is asked again after the time it names, then used', async () => {
    const server = await serve();
    server.script(
      'POST /sessions',
      json(503, { message: 'server busy' }, { 'retry-after': '0' }),
      json(201, { sessionId: 's1' }),
    );

    const id = await makeClient(server.url).sessions.create();

    expect(id).toBe('s1');
  });

  test('a server that stays busy is told as such, after a bounded number of tries', async () => {
    const server = await serve();
    server.script('GET /sessions', json(503, { message: 'server busy' }, { 'retry-after': '0' }));

    const error = await failure(makeClient(server.url).sessions.list());

    expect(error.code).toBe('CLIENT_STATUS');
    expect(error.facts['statusCode']).toBe(503);
    expect(error.hint).toMatch(/busy/);
    expect(server.pathsOf('GET')).toHaveLength(4);
  });

  test('a server that asks for a long wait is told as busy at once', async () => {
    const server = await serve();
    server.script('GET /sessions', json(503, {}, { 'retry-after': '3600' }));

    const error = await failure(makeClient(server.url).sessions.list());

    expect(error.facts['statusCode']).toBe(503);
    expect(server.pathsOf('GET')).toHaveLength(1);
  });

  test('a server that lacks R is not asked again and again for a session', async () => {
    const server = await serve();
    server.script(
      'POST /sessions',
      json(503, { message: 'R was not found', code: 'API_RUNTIME_UNAVAILABLE' }),
    );

    const error = await failure(makeClient(server.url).sessions.create({ runtimeType: 'R' }));

    expect(error.hint).toBe('Run `rserver-kernel doctor` on the machine of the server.');
    expect(server.pathsOf('POST')).toEqual(['/login', '/sessions']);
  });

  test('an execution is not repeated after a 503', async () => {
    const server = await serve();
    server.script(
      'POST /sessions/s1/execute',
      json(503, { message: 'busy' }, { 'retry-after': '0' }),
    );

    const error = await failure(run(makeClient(server.url)));

    expect(error.code).toBe('CLIENT_STATUS');
    expect(server.pathsOf('POST')).toEqual(['/login', '/sessions/s1/execute']);
  });

  test.each<[string, Reply]>([
    ['no answer', silence],
    ['half a head', slowHeaders],
    ['half a body', slowBody],
  ])('%s within the request limit is a timeout that names the limit', async (_name, reply) => {
    const server = await serve();
    server.script('GET /sessions', reply);
    const client = makeClient(server.url, { timeouts: { requestTimeoutMs: 100 } });

    const error = await failure(client.sessions.list());

    expect(error.code).toBe('CLIENT_TIMEOUT');
    expect(error.facts).toMatchObject({ phase: 'request', timeoutMs: 100 });
    expect(error.hint).toMatch(/requestTimeoutMs/);
  });

  test('login, execution and transfer have limits of their own', async () => {
    const server = await serve();
    server.script('POST /sessions/s1/execute', silence);
    server.script('GET /snapshots/p', slowBody);
    const timeouts = { executeTimeoutMs: 100, transferTimeoutMs: 110, loginTimeoutMs: 120 };
    const client = makeClient(server.url, { timeouts });
    const executing = await failure(run(client));
    const transferring = await failure(client.snapshots.getBuffer('p'));
    const streaming = await failure(client.snapshots.get('p').then(buffer));
    server.script('POST /login', silence);
    const loggingIn = await failure(makeClient(server.url, { timeouts }).login());

    expect(
      [executing, transferring, streaming, loggingIn].map(({ code, facts }) => [
        code,
        facts['phase'],
      ]),
    ).toEqual([
      ['CLIENT_TIMEOUT', 'execute'],
      ['CLIENT_TIMEOUT', 'transfer'],
      ['CLIENT_TIMEOUT', 'transfer'],
      ['CLIENT_TIMEOUT', 'login'],
    ]);
  });

  test('a host that lets the connection hang is a timeout of the connect phase', async () => {
    // TLS to a server that never says hello.
    const server = net.createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const client = makeClient(`https://127.0.0.1:${port}`, { timeouts: { connectTimeoutMs: 100 } });

    const error = await failure(client.login());

    expect(error.code).toBe('CLIENT_TIMEOUT');
    expect(error.facts).toMatchObject({ phase: 'connect', timeoutMs: 100 });
  });

  test('what does not speak HTTP is no R Server', async () => {
    const server = await serve();
    server.script('GET /sessions', garbage);

    const error = await failure(makeClient(server.url).sessions.list());

    expect(error.code).toBe('CLIENT_BAD_RESPONSE');
    expect(error.hint).toMatch(/https/);
  });

  test.each([
    ['a login page of a proxy', '<!doctype html><html><title>Sign in</title></html>'],
    ['nothing', ''],
  ])('%s instead of JSON is a bad response', async (_name, body) => {
    const server = await serve();
    server.script('GET /sessions', text(200, body));

    const error = await failure(makeClient(server.url).sessions.list());

    expect(error.code).toBe('CLIENT_BAD_RESPONSE');
  });

  test('a login that answers without a token is a bad response', async () => {
    const server = await serve();
    server.script('POST /login', json(200, { hello: 'world' }));

    const error = await failure(makeClient(server.url).login());

    expect(error.code).toBe('CLIENT_BAD_RESPONSE');
  });

  test('a server that redirects is told with the place it points to', async () => {
    const server = await serve();
    server.script(
      'POST /login',
      text(301, '', { location: 'https://rserver.example:443/login?x=1' }),
    );

    const error = await failure(makeClient(server.url).login());

    expect(error.facts['statusCode']).toBe(301);
    expect(error.hint).toBe(
      'The server sends its clients to https://rserver.example: use that URL.',
    );
  });

  test('a stream that breaks while it is read ends with an error', async () => {
    const server = await serve();
    server.script('GET /snapshots/p', resetMidBody);

    const error = await failure(makeClient(server.url).snapshots.get('p').then(buffer));

    expect(error.code).toBe('CLIENT_UNREACHABLE');
  });

  test('an upload from a stream is not repeated', async () => {
    const server = await serve();
    server.script('POST /sessions/s1/files', resetAfterRequest);

    const error = await failure(
      makeClient(server.url).files.upload('s1', 'f', Readable.from([Buffer.from('x')])),
    );

    expect(error.code).toBe('CLIENT_OUTCOME_UNKNOWN');
    expect(server.pathsOf('POST')).toEqual(['/login', '/sessions/s1/files']);
  });

  test('both 403 and 409 to a publication say that the version exists or is not ours', async () => {
    const server = await serve();
    const hints: unknown[] = [];
    for (const status of [403, 409]) {
      server.script('POST /services/n/v', json(status, { message: 'exists' }));

      const error = await failure(makeClient(server.url).services.publish('n', 'v', { code: 'x' }));

      hints.push([error.code, error.hint]);
    }

    const hint =
      'The version exists already, or the service belongs to someone else: publish another version, or update this one.';
    expect(hints).toEqual([
      ['CLIENT_STATUS', hint],
      ['CLIENT_STATUS', hint],
    ]);
  });
});

describe('cancellation', () => {
  test('a signal stops the waiting with an AbortError and closes the connection', async () => {
    const server = await serve();
    const closed = new Promise<void>((resolve) => {
      server.script('POST /sessions/s1/execute', (_request, response) => {
        response.once('close', resolve);
      });
    });
    const client = makeClient(server.url);
    const controller = new AbortController();
    const arrived = server.received('POST /sessions/s1/execute');

    const running = client.sessions.execute('s1', { code: 'x' }, { signal: controller.signal });
    await arrived;
    controller.abort();

    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await closed;
  });

  test('a signal that is aborted already sends nothing', async () => {
    const server = await serve();
    const client = makeClient(server.url);
    await client.login();

    const running = client.sessions.execute('s1', { code: 'x' }, { signal: AbortSignal.abort() });

    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.pathsOf('POST')).toEqual(['/login']);
  });

  test('a caller who is cancelled during the login leaves it to the others', async () => {
    const server = await serve();
    const gate = createDeferred<undefined>();
    server.script('POST /login', after(gate.promise, json(200, { access_token: 'a' })));
    server.script('GET /sessions', json(200, []));
    const client = makeClient(server.url);
    const controller = new AbortController();
    const arrived = server.received('POST /login');

    const cancelled = client.sessions.list({ signal: controller.signal });
    const patient = client.sessions.list();
    await arrived;
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    gate.resolve(undefined);

    expect(await patient).toEqual([]);
    expect(server.pathsOf('POST')).toEqual(['/login']);
  });

  test('a time limit of the caller is a timeout, not a cancellation', async () => {
    const server = await serve();
    server.script('GET /sessions', silence);
    const client = makeClient(server.url);
    await client.login();

    const error = await failure(client.sessions.list({ signal: AbortSignal.timeout(50) }));

    expect(error.code).toBe('CLIENT_TIMEOUT');
    expect(error.facts['phase']).toBe('caller');
  });
});

describe('secrets', () => {
  test('a server that sends secrets back in its words does not get them shown', async () => {
    const server = await serve();
    server.script('GET /sessions', (request, response) => {
      const { authorization = '' } = request.headers;
      response
        .writeHead(500)
        .end(JSON.stringify({ message: `${authorization} ${PASSWORD} s3cret-header` }));
    });
    const client = makeClient(server.url, { headers: { 'X-Api-Key': 's3cret-header' } });

    const error = await failure(client.sessions.list());

    expect(error.message).toBe(
      `The R Server at ${server.url} answered 500 to the request to list the sessions: Bearer ******** ******** ********`,
    );
    expect(error.facts['serverMessage']).toBe('Bearer ******** ******** ********');
  });

  test('no error of a refused login holds the password, wherever one looks', async () => {
    const server = await serve();
    server.script('POST /login', (request, response) => {
      response.writeHead(401).end(request.body);
    });

    const error = await failure(makeClient(server.url).login());

    const everything = [
      error.message,
      error.hint,
      error.stack,
      JSON.stringify(error.facts),
      String(error.cause),
    ];
    expect(error.code).toBe('CLIENT_AUTH');
    expect(everything.join('\n')).not.toContain(PASSWORD);
  });
});
