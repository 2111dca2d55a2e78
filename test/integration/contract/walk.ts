// Calls every operation of the contract with real R and Python behind it, for its success and for each failure it is
// documented with.
import type {
  BatchWebServiceResult,
  ExecuteResponse,
  WebServiceResult,
} from '../../../src/api/index.js';
import { formOf, type Exchanges } from './exchanges.js';

const NOBODY = '00000000-0000-4000-8000-000000000000';
/** Not a token. */
const FORGED = 'forged';

interface Language {
  readonly runtimeType: 'R' | 'Python';
  readonly assign: string;
  readonly writeFile: string;
  readonly end: string;
  readonly serviceCode: string;
}

const LANGUAGES: readonly Language[] = [
  {
    runtimeType: 'R',
    assign: 'x <- 20; print(x); kept <- c(1, 2)',
    writeFile: 'writeLines("made", "made.txt")',
    end: 'tools::pskill(Sys.getpid(), 9)',
    serviceCode: 'y <- x * factor; print(y); writeLines(as.character(y), "y.txt")',
  },
  {
    runtimeType: 'Python',
    assign: 'x = 20\nprint(x)\nkept = [1, 2]',
    writeFile: 'open("made.txt", "w").write("made")',
    end: 'import os\nos.kill(os.getpid(), 9)',
    serviceCode: 'y = x * factor\nprint(y)\nopen("y.txt", "w").write(str(y))',
  },
];

export interface Tokens {
  readonly owner: string;
  readonly contributor: string;
  readonly reader: string;
}

/** @param tokens - Of three users with the three roles. */
export async function walkContract(calls: Exchanges, tokens: Tokens): Promise<void> {
  calls.token = tokens.owner;
  await walkLogin(calls);
  await walkAdministration(calls, tokens);
  for (const language of LANGUAGES) {
    const { sessionId, snapshotId } = await walkSession(calls, language);
    await walkServices(calls, tokens, language, snapshotId);
    await walkSnapshots(calls, sessionId, snapshotId);
    await endSession(calls, sessionId, language);
  }
  await walkRealtime(calls, tokens);
}

async function walkLogin(calls: Exchanges): Promise<void> {
  const login = (): Promise<{ refresh_token: string }> =>
    calls.call('login', 200, {
      token: '',
      body: { username: 'admin', password: 'admin password' },
    });
  const { refresh_token: first } = await login();
  await calls.call('login', 401, { token: '', body: { username: 'admin', password: 'wrong' } });
  await calls.call('renewToken', 401, { token: '', body: { refreshToken: 'wrong' } });
  const { refresh_token: second } = await calls.call<{ refresh_token: string }>('renewToken', 200, {
    token: '',
    body: { refreshToken: first },
  });
  await calls.call('revokeRefreshToken', 200, { query: { refreshToken: second } });
  await calls.call('revokeRefreshToken', 401, { token: FORGED, query: { refreshToken: 'wrong' } });
  const { refresh_token: third } = await login();
  await calls.call('revokeRefreshTokenByPath', 200, { path: { refreshToken: third } });
  await calls.call('revokeRefreshTokenByPath', 401, {
    token: FORGED,
    path: { refreshToken: third },
  });
}

async function walkAdministration(calls: Exchanges, tokens: Tokens): Promise<void> {
  await calls.call('status', 200);
  await calls.call('status', 401, { token: FORGED });
  const { computeNodes } = await calls.call<{ computeNodes: string[] }>('getComputeNodes', 200);
  await calls.call('getComputeNodes', 401, { token: FORGED });
  await calls.call('setComputeNodes', 200, { body: { entries: computeNodes } });
  await calls.call('addComputeNode', 200, { body: { entries: computeNodes } });
  await calls.call('removeComputeNode', 200, { body: { entries: ['http://elsewhere:12805'] } });
  for (const operationId of ['setComputeNodes', 'addComputeNode', 'removeComputeNode'] as const) {
    const body = { entries: ['http://elsewhere:12805'] };
    await calls.call(operationId, 400, { body: { entries: ['not a machine'] } });
    await calls.call(operationId, 401, { body, token: FORGED });
    await calls.call(operationId, 403, { body, token: tokens.contributor });
  }
}

interface Made {
  readonly sessionId: string;
  readonly snapshotId: string;
}

async function walkSession(
  calls: Exchanges,
  { runtimeType, assign, writeFile }: Language,
): Promise<Made> {
  const { sessionId } = await calls.call<{ sessionId: string }>('createSession', 201, {
    body: { name: 'Session 1', runtimeType },
  });
  await calls.call('createSession', 401, { body: {}, token: FORGED });
  await calls.call('createSession', 404, { body: { snapshotId: NOBODY, runtimeType } });
  await calls.call('listSessions', 200);
  await calls.call('listSessions', 401, { token: FORGED });
  const path = { id: sessionId };

  await calls.call<ExecuteResponse>('executeCode', 200, { path, body: { code: assign } });
  const { success } = await calls.call<ExecuteResponse>('executeCode', 200, {
    path,
    body: { code: 'stop(' },
  });
  if (success !== false) throw new Error('broken code succeeded');
  await calls.call('executeCode', 200, {
    path,
    body: {
      code: writeFile,
      inputParameters: [
        { name: 'number', value: 1.5 },
        { name: 'text', value: 'a' },
        { name: 'list', value: [1, 2, 3] },
      ],
      outputParameters: ['x', 'number', 'text', 'list'],
    },
  });
  await calls.call('getSessionConsoleOutput', 200, { path });
  await calls.call('listSessionHistory', 200, { path });
  await calls.call('cancelSession', 200, { path });
  await walkFilesAndObjects(calls, path);
  const { snapshotId } = await calls.call<{ snapshotId: string }>('CreateSnapshot', 201, {
    path,
    body: { name: 'Snapshot 1' },
  });
  await calls.call('LoadSnapshot', 200, { path: { ...path, snapshotId } });
  await refuse(calls, path, snapshotId);
  return { sessionId, snapshotId };
}

async function walkFilesAndObjects(calls: Exchanges, path: { id: string }): Promise<void> {
  const named = { ...path, fileName: 'sent.txt' };
  const upload = formOf({ file: Buffer.from('sent') }, 'sent.txt');
  await calls.call('uploadSessionFile', 201, { path, ...upload });
  await calls.call('listSessionFiles', 200, { path });
  await calls.call('getSessionFile', 200, { path: named });
  await calls.call('deleteSessionFile', 200, { path: named });
  await calls.call('getSessionFile', 404, { path: named });
  await calls.call('deleteSessionFile', 404, { path: named });

  const object = { ...path, objectName: 'kept' };
  await calls.call('listWorkspaceObjects', 200, { path });
  const bytes = await calls.call<Buffer>('getWorkspaceObject', 200, { path: object });
  await calls.call('setWorkspaceObject', 200, {
    path: { ...path, objectName: 'copy' },
    body: bytes,
    contentType: 'application/octet-stream',
  });
  await calls.call('deleteWorkspaceObject', 200, { path: object });
  await calls.call('getWorkspaceObject', 404, { path: object });
  await calls.call('deleteWorkspaceObject', 404, { path: object });
}

/** Every call on a session, without a token and on a session that is not there. */
async function refuse(calls: Exchanges, path: { id: string }, snapshotId: string): Promise<void> {
  const upload = formOf({ file: Buffer.from('sent') }, 'sent.txt');
  const octets = { body: Buffer.from('X'), contentType: 'application/octet-stream' };
  const requests = [
    ['executeCode', { body: { code: '1' } }],
    ['getSessionConsoleOutput', {}],
    ['listSessionHistory', {}],
    ['cancelSession', {}],
    ['uploadSessionFile', upload],
    ['listSessionFiles', {}],
    ['getSessionFile', {}],
    ['deleteSessionFile', {}],
    ['listWorkspaceObjects', {}],
    ['setWorkspaceObject', octets],
    ['getWorkspaceObject', {}],
    ['deleteWorkspaceObject', {}],
    ['CreateSnapshot', { body: { name: 'none' } }],
    ['LoadSnapshot', {}],
    ['closeSession', {}],
    ['closeSessionByForce', {}],
  ] as const;
  const others = { fileName: 'sent.txt', objectName: 'kept', snapshotId };
  for (const [operationId, options] of requests) {
    await calls.call(operationId, 401, { ...options, path: { ...others, ...path }, token: FORGED });
    await calls.call(operationId, 404, { ...options, path: { ...others, id: NOBODY } });
  }
}

async function walkSnapshots(
  calls: Exchanges,
  sessionId: string,
  snapshotId: string,
): Promise<void> {
  await calls.call('ListSnapshots', 200);
  await calls.call('ListSnapshots', 401, { token: FORGED });
  await calls.call('GetSnapshotContent', 200, { path: { id: snapshotId } });
  for (const operationId of ['GetSnapshotContent', 'DeleteSnapshot'] as const) {
    await calls.call(operationId, 401, { path: { id: snapshotId }, token: FORGED });
    await calls.call(operationId, 404, { path: { id: NOBODY } });
  }
  await calls.call('DeleteSnapshot', 200, { path: { id: snapshotId } });
  await calls.call('LoadSnapshot', 404, { path: { id: sessionId, snapshotId } });
}

async function endSession(
  calls: Exchanges,
  sessionId: string,
  { runtimeType, end }: Language,
): Promise<void> {
  await calls.call('closeSession', 200, { path: { id: sessionId } });
  const { sessionId: other } = await calls.call<{ sessionId: string }>('createSession', 201, {
    body: { runtimeType },
  });
  await calls.call('closeSessionByForce', 200, { path: { id: other } });
  const { sessionId: killed } = await calls.call<{ sessionId: string }>('createSession', 201, {
    body: { runtimeType },
  });
  const path = { id: killed };
  await calls.call('executeCode', 410, { path, body: { code: end } });
  await calls.call('listWorkspaceObjects', 410, { path });
}

async function walkServices(
  calls: Exchanges,
  tokens: Tokens,
  { runtimeType, serviceCode }: Language,
  snapshotId: string,
): Promise<void> {
  const name = `Double${runtimeType}`;
  const path = { name, version: 'V1.0' };
  const service = {
    code: serviceCode,
    initCode: 'factor = 2',
    description: 'Doubles',
    operationId: 'double',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
    outputFileNames: ['y.txt'],
    runtimeType,
    snapshotId,
  };
  const broken = { ...service, code: 5 };
  await calls.call('publishWebService', 201, { path, body: service });
  await calls.call('publishWebService', 400, { path, body: broken });
  await calls.call('publishWebService', 401, { path, body: service, token: FORGED });
  await calls.call('publishWebService', 403, { path, body: service, token: tokens.reader });
  await calls.call('publishWebServiceVersion', 201, { path, body: service });
  await calls.call('publishWebServiceVersion', 400, { path, body: broken });
  await calls.call('publishWebServiceVersion', 401, { path, body: service, token: FORGED });
  await calls.call('publishWebServiceVersion', 403, { path, body: service });
  await calls.call('patchWebServiceVersion', 200, {
    path,
    body: { description: 'D', runtimeType },
  });
  await calls.call('patchWebServiceVersion', 400, { path, body: broken });
  await calls.call('getAllWebServices', 200, { token: tokens.reader });
  await calls.call('getAllWebServices', 200);
  await calls.call('getAllWebServices', 401, { token: FORGED });
  await calls.call('getAllWebServiceVersionsByName', 200, { path });
  await calls.call('getAllWebServiceVersionsByName', 401, { path, token: FORGED });
  await calls.call('getWebServiceVersion', 200, { path });
  await calls.call('GetWebServiceSwagger', 200, { path });
  await walkConsumption(calls, path);
  const unready = { name: `Unready${runtimeType}`, version: '1' };
  await calls.call('publishWebServiceVersion', 201, {
    path: unready,
    body: { ...service, initCode: 'absent()' },
  });
  const failed = await calls.call<WebServiceResult>('ConsumeWebService', 200, {
    path: unready,
    body: { x: 5 },
  });
  if (failed.success !== false) throw new Error('a service without its initCode succeeded');
  await walkPool(calls, tokens, path);
  const absent = { name, version: 'none' };
  for (const operationId of ['getWebServiceVersion', 'GetWebServiceSwagger'] as const) {
    await calls.call(operationId, 401, { path, token: FORGED });
    await calls.call(operationId, 404, { path: absent });
  }
  for (const operationId of ['patchWebServiceVersion', 'deleteWebServiceVersion'] as const) {
    const options = operationId === 'patchWebServiceVersion' ? { body: { runtimeType } } : {};
    await calls.call(operationId, 401, { ...options, path, token: FORGED });
    await calls.call(operationId, 403, { ...options, path, token: tokens.contributor });
    await calls.call(operationId, 404, { ...options, path: absent });
  }
  await calls.call('deleteWebServiceVersion', 200, { path });
}

async function walkConsumption(
  calls: Exchanges,
  path: { name: string; version: string },
): Promise<void> {
  const result = await calls.call<WebServiceResult>('ConsumeWebService', 200, {
    path,
    body: { x: 5 },
  });
  if (result.outputParameters?.['y'] !== 10) throw new Error(JSON.stringify(result));
  await calls.call('ConsumeWebService', 400, { path, body: { x: 'five' } });
  await calls.call('ConsumeWebService', 404, {
    path: { ...path, version: 'none' },
    body: { x: 5 },
  });

  await calls.call('StartBatchExecution', 400, { path, body: [{ x: 'five' }] });
  const { batchExecutionId: executionId } = await calls.call<{ batchExecutionId: string }>(
    'StartBatchExecution',
    202,
    { path, query: { parallelCount: '2' }, body: [{ x: 1 }, { x: 2 }, { x: 3 }] },
  );
  const batch = { ...path, executionId };
  await calls.call('GetBatchExecutions', 200, { path });
  await calls.call('GetBatchExecutions', 404, { path: { ...path, version: 'none' } });
  const query = { showPartialResults: 'true' };
  let state: string | undefined;
  while (state !== 'Complete') {
    const status = await calls.call<BatchWebServiceResult>('GetBatchExecutionStatus', 200, {
      path: batch,
      query,
    });
    ({ state } = status);
    if (state === 'Failed') throw new Error(JSON.stringify(status));
  }
  const absent = { ...path, executionId: NOBODY };
  await calls.call('GetBatchExecutionStatus', 400, {
    path: batch,
    query: { showPartialResults: 'perhaps' },
  });
  await calls.call('GetBatchExecutionStatus', 404, { path: absent });
  const item = { ...batch, index: '0', fileName: 'y.txt' };
  await calls.call('GetBatchExecutionFiles', 200, { path: item });
  await calls.call('GetBatchExecutionFiles', 400, { path: { ...item, index: 'first' } });
  await calls.call('GetBatchExecutionFiles', 404, { path: { ...absent, index: '0' } });
  await calls.call('GetBatchExecutionFile', 200, { path: item });
  await calls.call('GetBatchExecutionFile', 400, { path: { ...item, index: 'first' } });
  await calls.call('GetBatchExecutionFile', 404, { path: { ...item, fileName: 'none.txt' } });
  await calls.call('CancelAndDeleteBatchExecution', 200, { path: batch });
  await calls.call('CancelAndDeleteBatchExecution', 404, { path: batch });
}

async function walkPool(
  calls: Exchanges,
  tokens: Tokens,
  path: { name: string; version: string },
): Promise<void> {
  const body = { InitialPoolSize: 1, MaxPoolSize: 2 };
  await calls.call('getServicePoolStatus', 200, { path });
  await calls.call('createOrUpdateServicePool', 200, { path, body });
  await calls.call('createOrUpdateServicePool', 400, {
    path,
    body: { InitialPoolSize: 3, MaxPoolSize: 2 },
  });
  await calls.call('createOrUpdateServicePool', 401, { path, body, token: FORGED });
  await calls.call('createOrUpdateServicePool', 403, { path, body, token: tokens.contributor });
  await calls.call('getServicePoolStatus', 200, { path });
  await calls.call('getServicePoolStatus', 401, { path, token: FORGED });
  await calls.call('deleteServicePool', 401, { path, token: FORGED });
  await calls.call('deleteServicePool', 403, { path, token: tokens.contributor });
  await calls.call('deleteServicePool', 200, { path });
}

/** A linear model of R, made in a session and fetched as a file. */
async function walkRealtime(calls: Exchanges, tokens: Tokens): Promise<void> {
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
  const path = { name: 'Mileage', version: 'V1.0' };
  const form = formOf({ model, description: 'Mileage of a car', operationId: 'mileage' });
  const empty = formOf({ description: 'no model' });
  for (const operationId of [
    'publishRealtimeWebServiceByName',
    'publishRealtimeWebServiceByNameVersion',
  ] as const) {
    await calls.call(operationId, 400, { path, ...empty });
    await calls.call(operationId, 401, { path, ...form, token: FORGED });
    await calls.call(operationId, 403, { path, ...form, token: tokens.reader });
    await calls.call(operationId, 201, { path, ...form });
  }
  await calls.call('publishRealtimeWebServiceByNameVersion', 409, { path, ...form });
  const operationId = 'patchRealtimeWebServiceByNameVersion';
  await calls.call(operationId, 400, { path, ...formOf({ model: Buffer.from('no model') }) });
  await calls.call(operationId, 401, { path, ...form, token: FORGED });
  await calls.call(operationId, 403, { path, ...form, token: tokens.contributor });
  await calls.call(operationId, 404, { path: { ...path, version: 'none' }, ...form });
  await calls.call(operationId, 200, { path, ...form });
  await calls.call('getWebServiceVersion', 200, { path });
  await calls.call('GetWebServiceSwagger', 200, { path });
  const { success, outputParameters } = await calls.call<WebServiceResult>(
    'ConsumeWebService',
    200,
    { path, body: { inputData: { wt: [2, 3] } } },
  );
  if (success !== true || outputParameters === undefined) throw new Error('no score');
}
