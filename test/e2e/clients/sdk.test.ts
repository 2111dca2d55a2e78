// Microsoft's own Python client, azureml-model-management-sdk from PyPI, unchanged, does what the articles of ML Server
// do with it. It makes its functions in a way that Python 3.8 has given up, so it needs an older one.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRealServer, type RealServer } from '../../helpers/real-server.js';
import { isMissing, PROJECT_ROOT } from '../../helpers/requirements.js';
import { Exchanges, formOf } from '../../integration/contract/exchanges.js';

const INSTALL_MS = 600_000;
const JOURNEY_MS = 180_000;
const REQUIREMENTS = path.join(import.meta.dirname, 'requirements-sdk.txt');
const JOURNEY = path.join(import.meta.dirname, 'sdk_journey.py');

const run = promisify(execFile);

const oldPython = findPython37();
if (oldPython === undefined) console.warn('skipped, needs Python 3.7 on the path or in ~/.pyenv');

function findPython37(): string | undefined {
  const versions = path.join(os.homedir(), '.pyenv', 'versions');
  const known = (existsSync(versions) ? readdirSync(versions) : [])
    .filter((version) => version.startsWith('3.7.'))
    .map((version) => path.join(versions, version, 'bin', 'python'));
  return [...known, 'python3.7'].find(
    (python) => spawnSync(python, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

/** The Python of an environment with the package, made once for these requirements. */
async function install(python: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = path.join(PROJECT_ROOT, '.cache', `azureml-sdk-${digest}`);
  const installed = path.join(folder, 'bin', 'python');
  if (existsSync(installed)) return installed;
  const unfinished = `${folder}-${process.pid}`;
  try {
    await run(python, ['-m', 'venv', unfinished]);
    await run(path.join(unfinished, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--quiet', '--prefer-binary', '--disable-pip-version-check'],
      ...['--requirement', REQUIREMENTS],
    ]);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return installed;
}

describe.skipIf(isMissing('R', 'jupyter') || oldPython === undefined)(
  'azureml-model-management-sdk',
  () => {
    let server: RealServer;
    let python: string;

    beforeAll(async () => {
      python = await install(oldPython ?? '');
      server = await openRealServer();
      await publishModel(server);
    }, INSTALL_MS);

    afterAll(async () => {
      await server.close();
    });

    test(
      'publishes, consumes, lists, changes and deletes services, runs a batch and scores a model',
      async () => {
        const { stdout } = await run(python, ['-W', 'ignore', JOURNEY, server.url]);

        expect(JSON.parse(stdout)).toEqual({
          capabilities: {
            api: '/api/TxService/1.0',
            description: 'Transmission',
            runtime: 'Python',
            inputs: [
              { name: 'hp', type: 'numeric' },
              { name: 'wt', type: 'numeric' },
            ],
            outputs: [{ name: 'answer', type: 'data.frame' }],
            operation_id: 'manualTransmission',
          },
          swagger: ['/api/TxService/1.0'],
          consumed: { error: '', answer: { answer: [242.8] }, artifact: 'answer\n242.8\n' },
          batch: {
            state: 'Complete',
            answers: [242.8, 202.1, 183],
            listed: true,
            artifacts: ['answer.csv'],
            artifact: 'answer\n202.1\n',
            again: 'Complete',
            after: [],
          },
          services: ['TxService'],
          found: '1.0',
          changed: ['Changed', 3],
          scored: ['', { mpg_Pred: [26.596, 21.252] }],
          // The package sends only models of the maker's own format, which nobody else can read.
          refused: ['HttpException', expect.stringContaining('API_PROPRIETARY_MODEL')],
          deleted: [true, true, []],
        });
      },
      JOURNEY_MS,
    );
  },
);

/** The realtime service Mileage 1.0: a linear model of R. */
async function publishModel({ url }: RealServer): Promise<void> {
  const calls = new Exchanges(url);
  const { access_token: token } = await calls.call<{ access_token: string }>('login', 200, {
    body: { username: 'admin', password: 'admin password' },
  });
  calls.token = token;
  const { sessionId: id } = await calls.call<{ sessionId: string }>('createSession', 201, {
    body: { runtimeType: 'R' },
  });
  await calls.call('executeCode', 200, {
    path: { id },
    body: { code: 'writeBin(serialize(lm(mpg ~ wt, mtcars), NULL), "model.bin")' },
  });
  const model = await calls.call<Buffer>('getSessionFile', 200, {
    path: { id, fileName: 'model.bin' },
  });
  await calls.call('closeSession', 200, { path: { id } });
  await calls.call('publishRealtimeWebServiceByNameVersion', 201, {
    path: { name: 'Mileage', version: '1.0' },
    ...formOf({ model, operationId: 'score', description: 'Mileage' }),
  });
}
