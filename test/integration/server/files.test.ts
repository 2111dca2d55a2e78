import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failure, startServer, type Answer, type TestServer } from './harness.js';

const MEBIBYTE = 1024 * 1024;
const BOUNDARY = 'frontier';
const MULTIPART = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

let server: TestServer;
let token: string;
let id: string;

beforeAll(async () => {
  server = await startServer();
  token = await server.token();
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  id = await server.session(token);
});

/** One part with a file, as a client frames it. */
function part(fileName: string, content: string | Buffer, field = 'file'): Buffer {
  return Buffer.concat([partHead(fileName, field), Buffer.from(content), partTail()]);
}

function partHead(fileName: string, field = 'file'): Buffer {
  return Buffer.from(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
}

function partTail(): Buffer {
  return Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}

const upload = (fileName: string, content: string | Buffer, field?: string): Promise<Answer> =>
  server.call('POST', `/sessions/${id}/files`, {
    token,
    body: part(fileName, content, field),
    headers: MULTIPART,
  });

const list = async (): Promise<unknown> =>
  (await server.call('GET', `/sessions/${id}/files`, { token })).body;

describe('POST /sessions/{id}/files', () => {
  test('stores the bytes under the name of the part; the same name again replaces them', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 45, 45]);

    const first = await upload('data.bin', 'old');
    const second = await upload('data.bin', bytes);

    expect([first.statusCode, second.statusCode]).toEqual([201, 201]);
    expect(await list()).toEqual(['data.bin']);
    const { statusCode, headers, body } = await server.call(
      'GET',
      `/sessions/${id}/files/data.bin`,
      { token },
    );
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['content-disposition']).toContain('filename="data.bin"');
    expect(body).toEqual(bytes);
  });

  test.each([
    ['C:\\Users\\ann\\model.rds', 'model.rds'],
    ['/home/ann/model.rds', 'model.rds'],
    ['../../../etc/passwd', 'passwd'],
    ['Übung 1.csv', 'Übung 1.csv'],
  ])('a part named %s is stored as %s', async (fileName, stored) => {
    const { statusCode } = await upload(fileName, 'x');

    expect(statusCode).toBe(201);
    expect(await list()).toEqual([stored]);
  });

  test('the field may have any name', async () => {
    expect((await upload('a.txt', 'x', 'upload')).statusCode).toBe(201);
  });

  test.each(['..', 'folder/', '.'])('a part named %s is refused', async (fileName) => {
    const { statusCode, body } = await upload(fileName, 'x');

    expect([statusCode, body]).toMatchObject([400, { code: 'API_BAD_FILE_NAME' }]);
    expect(await list()).toEqual([]);
  });

  test('a body without a file, or that is no multipart, is refused', async () => {
    const field = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--${BOUNDARY}--\r\n`;

    const empty = await server.call('POST', `/sessions/${id}/files`, {
      token,
      body: Buffer.from(field),
      headers: MULTIPART,
    });
    const json = await server.call('POST', `/sessions/${id}/files`, { token, body: { file: 'x' } });

    expect([empty.statusCode, empty.body]).toEqual([
      400,
      failure('API_BAD_REQUEST', 'BadRequestException', 'The body has no part with a file.'),
    ]);
    expect([json.statusCode, json.body]).toMatchObject([415, { code: 'API_MEDIA_TYPE' }]);
  });

  test('a large file goes through in pieces, never as a whole in memory', async () => {
    const chunk = Buffer.alloc(MEBIBYTE, 'x');
    const chunkCount = 300;
    let sentCount = 0;
    let largestLead = 0;
    const received = createHash('sha256');
    let receivedBytes = 0;
    server.runtime.writeFile = async (_name, content) => {
      for await (const piece of content as AsyncIterable<Buffer>) {
        received.update(piece);
        receivedBytes += piece.length;
        largestLead = Math.max(largestLead, sentCount * MEBIBYTE - receivedBytes);
      }
    };
    const body = Readable.from(
      (function* () {
        yield partHead('large.bin');
        for (; sentCount < chunkCount; sentCount += 1) yield chunk;
        yield partTail();
      })(),
      { objectMode: false, highWaterMark: MEBIBYTE },
    );

    const { statusCode } = await server.call('POST', `/sessions/${id}/files`, {
      token,
      body,
      headers: MULTIPART,
    });

    expect(statusCode).toBe(201);
    const expected = createHash('sha256');
    for (let index = 0; index < chunkCount; index += 1) expected.update(chunk);
    expect(received.digest('hex')).toBe(expected.digest('hex'));
    // What is between the two ends are the buffers of sockets and streams.
    expect(largestLead).toBeLessThan(32 * MEBIBYTE);
  });

  test('a large upload into no session is refused without a hang, and the connection stays usable', async () => {
    const body = Buffer.concat([partHead('a'), Buffer.alloc(20 * MEBIBYTE), partTail()]);

    for (let round = 0; round < 3; round += 1) {
      const answer = await server.call('POST', '/sessions/x/files', {
        token,
        body,
        headers: MULTIPART,
      });

      expect(answer.statusCode).toBe(404);
    }
  });

  test('an upload that breaks off leaves the server well', async () => {
    const breaking = new AbortController();
    const taken = new Promise<string>((resolve) => {
      server.runtime.writeFile = async (_name, content) => {
        breaking.abort();
        await buffer(content).then(
          () => {
            resolve('whole');
          },
          () => {
            resolve('broken');
          },
        );
      };
    });
    const body = Readable.from(
      (async function* () {
        yield partHead('a');
        yield Buffer.alloc(MEBIBYTE);
        await new Promise(() => undefined);
      })(),
    );

    const upload = server.call('POST', `/sessions/${id}/files`, {
      token,
      body,
      headers: MULTIPART,
      signal: breaking.signal,
    });

    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    expect(await taken).toBe('broken');
    expect(await list()).toEqual([]);
  });

  test('a file past the limit is refused and not kept', async () => {
    const small = await startServer({ limits: { maxFileBytes: 10 } });
    try {
      const owner = await small.token();
      const session = await small.session(owner);

      const { statusCode, body } = await small.call('POST', `/sessions/${session}/files`, {
        token: owner,
        body: part('a.txt', '12345678901'),
        headers: MULTIPART,
      });

      expect([statusCode, body]).toMatchObject([413, { code: 'API_TOO_LARGE' }]);
      expect(small.runtime.files.size).toBe(0);
    } finally {
      await small.close();
    }
  });
});

describe('GET and DELETE /sessions/{id}/files/{fileName}', () => {
  test('a deleted file is gone', async () => {
    await upload('a b+c%.txt', 'x');
    const route = `/sessions/${id}/files/${encodeURIComponent('a b+c%.txt')}`;

    expect((await server.call('GET', route, { token })).body).toEqual(Buffer.from('x'));
    const deleted = await server.call('DELETE', route, { token });
    expect([deleted.statusCode, deleted.body]).toEqual([200, undefined]);
    expect(await list()).toEqual([]);
  });

  test.each(['GET', 'DELETE'])('%s of an unknown file is not found', async (method) => {
    const { statusCode, body } = await server.call(method, `/sessions/${id}/files/none`, { token });

    expect([statusCode, body]).toEqual([
      404,
      failure(
        'API_FILE_NOT_FOUND',
        'NotFoundException',
        "The working directory has no file 'none'.",
      ),
    ]);
  });

  test.each(['..%2f..%2fetc%2fpasswd', '%2e%2e', '..%5c..%5cwindows', '%2fetc%2fpasswd', 'a%00b'])(
    '%s leads nowhere',
    async (name) => {
      for (const method of ['GET', 'DELETE']) {
        const { statusCode, body } = await rawCall(method, `/sessions/${id}/files/${name}`);

        expect([statusCode, body]).toMatchObject([400, { code: 'API_BAD_FILE_NAME' }]);
      }
    },
  );

  /** A call whose path goes out as it is: other clients resolve `..` themselves. */
  async function rawCall(
    method: string,
    route: string,
  ): Promise<{ statusCode: number | undefined; body: unknown }> {
    const { port } = new URL(server.url);
    const headers = { authorization: `Bearer ${token}` };
    const request = http.request({ host: '127.0.0.1', port, method, path: route, headers });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return { statusCode: response.statusCode, body: JSON.parse(await text(response)) as unknown };
  }
});

test.each([
  ['POST', 'files'],
  ['GET', 'files'],
  ['GET', 'files/a'],
  ['DELETE', 'files/a'],
])('%s %s needs a token and a session', async (method, route) => {
  const locked = await server.call(method, `/sessions/${id}/${route}`);
  const lost = await server.call(method, `/sessions/x/${route}`, { token });

  expect(locked.statusCode).toBe(401);
  expect([lost.statusCode, lost.body]).toMatchObject([404, { code: 'API_SESSION_NOT_FOUND' }]);
});
