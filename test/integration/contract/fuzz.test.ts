// Property-based fuzzing by schemathesis: our own OpenAPI document against the server with real R and Python. No answer
// may be a fault of the server or break the document. FUZZ_EXAMPLES and FUZZ_SECONDS make it search for longer.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../src/api/index.js';
import { openRealServer } from '../../helpers/real-server.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';
import { Exchanges } from './exchanges.js';

const EXAMPLES = process.env['FUZZ_EXAMPLES'] ?? '5';
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 90);

const isSkipped = isMissing('R', 'jupyter', 'schemathesis');

/** What is not asked, since a schema alone cannot say it. */
const EXCLUDED_CHECKS = [
  // A name that fits the schema may still be that of no service, no machine, no model.
  'positive_data_acceptance',
  // Generated clients leave out empty bodies and send null for absent fields; more threads than there may be are fewer.
  'negative_data_rejection',
];

test.skipIf(isSkipped)(
  'whatever is sent, the server answers as its document says and never fails',
  { timeout: (SECONDS + 120) * 1_000 },
  async () => {
    const server = await openRealServer();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-fuzz-'));
    try {
      const document = path.join(folder, 'openapi.json');
      await writeFile(document, JSON.stringify(openApiDocument));
      const { token, targets } = await makeTargets(new Exchanges(server.url));

      const output = await promisify(execFile)(
        venvBin('schemathesis'),
        argumentsFor(document, server.url, token),
        {
          cwd: folder,
          maxBuffer: 64 * 1024 ** 2,
          env: {
            ...process.env,
            FUZZ_TARGETS: JSON.stringify(targets),
            PYTHONPATH: import.meta.dirname,
            PYTHONDONTWRITEBYTECODE: '1',
            SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
          },
        },
      ).then(
        ({ stdout }) => stdout,
        (error: unknown) => {
          const { stdout, stderr } = error as { stdout: string; stderr: string };
          return `FAILED\n${stdout}\n${stderr}`;
        },
      );

      expect(output.replaceAll(token, '…')).not.toMatch(/^FAILED/);
      expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(500);
    } finally {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

function argumentsFor(document: string, url: string, token: string): string[] {
  return [
    'run',
    document,
    ...['--url', url, '--header', `Authorization: Bearer ${token}`],
    ...['--exclude-checks', EXCLUDED_CHECKS.join()],
    // A WebSocket.
    ...['--exclude-operation-id', 'streamSessionEvents'],
    ...['--phases', 'examples,coverage,fuzzing', '--max-examples', EXAMPLES],
    ...['--max-time', String(SECONDS), '--seed', '1', '--generation-deterministic'],
    ...['--request-timeout', '60', '--continue-on-failure', '--no-color', '--warnings', 'off'],
  ];
}

/** Something of each kind, so that calls are not about what is absent only. */
async function makeTargets(
  calls: Exchanges,
): Promise<{ token: string; targets: Readonly<Record<string, string[]>> }> {
  const { access_token: token } = await calls.call<{ access_token: string }>('login', 200, {
    body: { username: 'admin', password: 'admin password' },
  });
  calls.token = token;
  const id: string[] = [];
  const snapshotId: string[] = [];
  const versions = ['R', 'Python'];
  for (const runtimeType of versions) {
    const session = await calls.call<{ sessionId: string }>('createSession', 201, {
      body: { runtimeType },
    });
    const path = { id: session.sessionId };
    const code = runtimeType === 'R' ? 'writeLines("a", "a.txt")' : 'open("a.txt", "w").write("a")';
    await calls.call('executeCode', 200, { path, body: { code: `kept = 1\n${code}` } });
    const snapshot = await calls.call<{ snapshotId: string }>('CreateSnapshot', 201, {
      path,
      body: {},
    });
    id.push(session.sessionId);
    snapshotId.push(snapshot.snapshotId);
    await calls.call('publishWebServiceVersion', 201, {
      path: { name: 'Double', version: runtimeType },
      body: {
        runtimeType,
        code: 'y = x * 2',
        inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
        outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      },
    });
  }
  const batch = await calls.call<{ batchExecutionId: string }>('StartBatchExecution', 202, {
    path: { name: 'Double', version: 'R' },
    body: [{ x: 1 }],
  });
  return {
    token,
    targets: {
      id,
      snapshotId,
      name: ['Double'],
      version: versions,
      objectName: ['kept'],
      fileName: ['a.txt'],
      executionId: [batch.batchExecutionId],
      index: ['0'],
    },
  };
}
