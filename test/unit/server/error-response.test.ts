import { expect, test } from 'vitest';
import type { LogFacts, Logger } from '../../../src/base/index.js';
import { silentLogger } from '../../../src/base/index.js';
import {
  RUNTIME_ERROR_CODES,
  RuntimeProcessError,
  type RuntimeErrorCode,
} from '../../../src/runtimes/index.js';
import { errorBody, toApiError } from '../../../src/server/error-response.js';
import { ApiError } from '../../../src/server/errors.js';

const request = { method: 'GET', path: '/x' };

test('an ApiError is shown as it is', () => {
  const error = new ApiError('API_SESSION_NOT_FOUND', 'There is no session 1.');

  expect(toApiError(error, silentLogger, request)).toBe(error);
  expect(errorBody(error)).toEqual({
    message: 'There is no session 1.',
    link: '',
    exceptionType: 'NotFoundException',
    code: 'API_SESSION_NOT_FOUND',
  });
});

const EXPECTED: Record<RuntimeErrorCode, [string, number]> = {
  RUNTIME_SPAWN: ['API_RUNTIME_UNAVAILABLE', 503],
  RUNTIME_ISOLATION: ['API_RUNTIME_UNAVAILABLE', 503],
  RUNTIME_POOL_FULL: ['API_BUSY', 503],
  RUNTIME_EXITED: ['API_SESSION_GONE', 410],
  RUNTIME_GARBLED: ['API_SESSION_GONE', 410],
  RUNTIME_BUSY: ['API_CONFLICT', 409],
  RUNTIME_OBJECT_NOT_FOUND: ['API_OBJECT_NOT_FOUND', 404],
  RUNTIME_OBJECT_NOT_SERIALIZABLE: ['API_NOT_SERIALIZABLE', 402],
  RUNTIME_OBJECT_BAD_BYTES: ['API_BAD_OBJECT_BYTES', 400],
  RUNTIME_FILE_NOT_FOUND: ['API_FILE_NOT_FOUND', 404],
  RUNTIME_FILE_NAME_BAD: ['API_BAD_FILE_NAME', 400],
  RUNTIME_SNAPSHOT_BAD: ['API_OPERATION_FAILED', 402],
  RUNTIME_SNAPSHOT_CUT: ['API_OPERATION_FAILED', 402],
  RUNTIME_FILE_CHANGED: ['API_OPERATION_FAILED', 402],
  RUNTIME_SERVICE_INIT: ['API_OPERATION_FAILED', 402],
  RUNTIME_CALL_ABORTED: ['API_OPERATION_FAILED', 402],
  RUNTIME_CALL_TIMEOUT: ['API_OPERATION_FAILED', 402],
  RUNTIME_CALL_CRASHED: ['API_OPERATION_FAILED', 402],
};

test.each(Object.keys(RUNTIME_ERROR_CODES) as RuntimeErrorCode[])(
  '%s of a runtime keeps its words and gets its own status',
  (code) => {
    const error = toApiError(new RuntimeProcessError(code, 'words'), silentLogger, request);

    expect([error.code, error.statusCode, error.message]).toEqual([...EXPECTED[code], 'words']);
  },
);

test('a full pool tells when to come back', () => {
  const full = new RuntimeProcessError('RUNTIME_POOL_FULL', 'full');

  expect(toApiError(full, silentLogger, request).retryAfterSeconds).toBe(5);
});

test.each([
  [400, 'API_BAD_REQUEST'],
  [406, 'API_MEDIA_TYPE'],
  [413, 'API_TOO_LARGE'],
  [415, 'API_MEDIA_TYPE'],
])('a refusal of the web framework with status %i becomes %s', (statusCode, code) => {
  const refusal = Object.assign(new Error('words'), { statusCode, code: 'FST_X' });

  expect(toApiError(refusal, silentLogger, request).code).toBe(code);
});

test('anything else shows a correlation id only, and the log has the rest', () => {
  const lines: LogFacts[] = [];
  const logger: Logger = { ...silentLogger, error: (facts) => lines.push(facts) };

  const error = toApiError(new Error('secret path /home/x'), logger, request);

  expect(error.statusCode).toBe(500);
  expect(error.message).toMatch(/^Internal error [0-9a-f-]{36}\.$/);
  const correlationId = error.message.slice('Internal error '.length, -1);
  expect(lines).toEqual([
    {
      method: 'GET',
      path: '/x',
      correlationId,
      error: 'secret path /home/x',
      err: expect.any(Error) as Error,
    },
  ]);
});
