// Replays what real servers sent, word for word (test/fixtures/recorded), and looks at what the client makes of it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RServerClient } from '../../../src/client/index.js';
import { json, text, type FaultServer } from '../../helpers/fault-server.js';
import { makeClient, serve } from './make-client.js';

interface Recording {
  readonly source: string;
  readonly calls: readonly {
    readonly route: string;
    readonly status: number;
    readonly body?: unknown;
    /** Instead of `body`, where the very characters matter. */
    readonly text?: string;
  }[];
}

const SESSION = '85b1ecd8-f5a5-42ce-87f3-5b7be97665ae';

async function replay(name: string): Promise<{ server: FaultServer; client: RServerClient }> {
  const file = path.resolve(import.meta.dirname, `../../fixtures/recorded/${name}.json`);
  const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
  const server = await serve();
  for (const { route, status, body, text: characters } of recording.calls) {
    server.script(route, characters === undefined ? json(status, body) : text(status, characters));
  }
  return { server, client: makeClient(server.url) };
}

describe('recorded exchanges', () => {
  test('the login example, whose expires_on lies years back, gives a token that is used', async () => {
    const { server, client } = await replay('login-9.1');
    server.script('GET /sessions', json(200, []));

    await client.sessions.list();
    await client.sessions.list();

    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer eyJhbGciOiJSUzUxMiIsInR5cC',
      'Bearer eyJhbGciOiJSUzUxMiIsInR5cC',
    ]);
  });

  test('the session examples of 9.1', async () => {
    const { client } = await replay('sessions-9.1');

    expect(await client.sessions.create()).toBe(SESSION);
    expect(await client.sessions.list()).toEqual([
      {
        id: 'e052a7f7-8fcd-40b9-b9b8-d351acd44444',
        name: 'mPheQrfoO0LmbLZ',
        owner: 'deployruser',
        runtimeType: 'R',
      },
      {
        id: 'l0dfsddf-4gjd-40b9-b9b8-sdf98yh99999',
        name: 'mPheQrfoO0LmbLZ',
        owner: 'sean',
        runtimeType: 'R',
      },
    ]);
    expect(await client.sessions.execute(SESSION, { code: 'print(2 + 3)' })).toEqual({
      success: true,
      errorMessage: '',
      outputParameters: [],
      consoleOutput: '[1] 5\n',
      changedFiles: [],
    });
    expect(await client.sessions.consoleOutput(SESSION)).toBe('[1] 5\n');
    expect(await client.sessions.history(SESSION)).toEqual([
      'model <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)',
      'manualTransmission <- function(hp, wt) { \n newdata <- data.frame(hp = hp, wt = wt) \npredict(model, newdata, type = "response") \n}',
      'print(manualTransmission(120, 2.8))',
    ]);
    expect(await client.files.list(SESSION)).toEqual(['statscore.csv', 'hist.png', 'notes.Rmd']);
    expect(await client.workspace.list(SESSION)).toEqual([
      'model',
      'manualTransmission',
      'am.glm',
      'newdata',
    ]);
    expect(await client.sessions.createSnapshot(SESSION)).toBe(
      '8fac71e8-92a9-4959-a679-4376e5aab20d',
    );
  });

  test('a service with the owner of 9.0.1, and one as a bare object', async () => {
    const { client } = await replay('services-9.1');
    const common = {
      name: 'addition',
      creationTime: '2016-11-20T18:15:09.917656',
      snapshotId: '8fac71e8-92a9-4959-a679-4376e5aab20d',
      runtimeType: 'R',
      initCode: '',
      code: 'result <- x + y',
      description: 'Addition Service.',
      operationId: 'add',
      inputParameterDefinitions: [
        { name: 'x', type: 'numeric' },
        { name: 'y', type: 'numeric' },
      ],
      outputParameterDefinitions: [{ name: 'result', type: 'numeric' }],
    };

    expect(await client.services.list()).toEqual([
      {
        ...common,
        version: '1.0.0',
        versionPublishedBy: 'deployruser',
        outputFileNames: [],
        myPermissionOnService: '',
      },
    ]);
    expect(await client.services.get('addition', '1.0')).toEqual({
      ...common,
      version: '1.0',
      versionPublishedBy: 'admin',
      outputFileNames: ['Histogram.png'],
      myPermissionOnService: 'read only',
    });
  });

  test('the answers of two live services', async () => {
    const { server, client } = await replay('consume');
    const empty = {
      success: true,
      errorMessage: '',
      outputFiles: {},
      consoleOutput: '',
      changedFiles: [],
    };

    expect(
      await client.webService.consume('ManualTransmissionService', '1.0.0', { hp: 120, wt: 2.8 }),
    ).toEqual({ ...empty, outputParameters: { answer: 0.6418125284093821 } });
    expect(await client.webService.consume('Double', 'V1.0', { x: 5 })).toEqual({
      ...empty,
      outputParameters: { y: 10 },
    });
    expect(server.requests.slice(1).map(({ body }) => String(body))).toEqual([
      '{"hp":120,"wt":2.8}',
      '{"x":5}',
    ]);
  });

  test('the status example: a tree three deep, null where a part has no parts', async () => {
    const { client } = await replay('status-9.1');

    const { statusCode, components } = await client.status();

    const node = components['backends']?.components['http://localhost:12805/'];
    expect([statusCode, Object.keys(components)]).toEqual([
      'pass',
      ['backends', 'authentication', 'database'],
    ]);
    expect([node?.statusCode, node?.details['rMaxPoolSize'], node?.components]).toEqual([
      'pass',
      80,
      {},
    ]);
  });

  test('the pool example of 9.3, in PascalCase on the wire', async () => {
    const { client } = await replay('pool-9.3');

    expect(await client.services.poolStatus('addition', '1.0')).toEqual([
      { computeNodeEndpoint: 'http://localhost:12800', status: 'success' },
    ]);
  });
});
