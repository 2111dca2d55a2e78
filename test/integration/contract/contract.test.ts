// Every operation of the genuine Swagger files is called against the server, with real R and Python behind it, and each
// answer is checked against the file's own schema.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ajv } from 'ajv';
import { operations } from '../../../src/api/index.js';
import { areGenuineFilesMissing, GENUINE_FOLDER } from '../../helpers/genuine-swagger.js';
import { openRealServer, type RealServer } from '../../helpers/real-server.js';
import { isMissing } from '../../helpers/requirements.js';
import { NEVER_ANSWERED } from './deviations.js';
import { Exchanges, operationKey } from './exchanges.js';
import { GenuineAnswers } from './genuine-answers.js';
import { walkContract } from './walk.js';

const WALK_MS = 300_000;

const isSkipped = isMissing('R', 'jupyter');

let server: RealServer;
let calls: Exchanges;

describe.skipIf(isSkipped)('the contract', () => {
  beforeAll(async () => {
    server = await openRealServer({
      roles: {
        Owner: { users: ['admin'], groups: [] },
        Contributor: { users: ['bob'], groups: [] },
        Reader: { users: ['eve'], groups: [] },
      },
    });
    calls = new Exchanges(server.url);
    const [owner, contributor, reader] = await Promise.all(['admin', 'bob', 'eve'].map(tokenOf));
    if (owner === undefined || contributor === undefined || reader === undefined)
      throw new Error('no tokens');
    await walkContract(calls, { owner, contributor, reader });
  }, WALK_MS);

  afterAll(async () => {
    await server.close();
  });

  test('every operation of our own document was called, and answered as the document says', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const byKey = new Map(
      Object.values(operations).map((one) => [operationKey(one.method, one.path), one]),
    );

    const problems = calls.kept.flatMap(({ operation: key, status, body }) => {
      const { responseSchemas = {} } = byKey.get(key) ?? {};
      const isListed = String(status) in responseSchemas;
      const schema = responseSchemas[isListed ? String(status) : 'default'];
      if (schema === undefined || ajv.validate(schema, body)) return [];
      return [`${key} ${status}: ${ajv.errorsText()}`];
    });

    expect(problems).toEqual([]);
    const called = new Set(calls.kept.map(({ operation }) => operation));
    // The stream is a WebSocket: see events.test.ts.
    expect([...byKey.keys()].filter((key) => !called.has(key))).toEqual([
      'get /sessions/{id}/events',
    ]);
  });

  test('what is listed as never answered is never answered', () => {
    const answered = new Set(
      calls.kept.map(({ operation, status }) => `${ourIdOf(operation)} ${status}`),
    );

    expect(Object.keys(NEVER_ANSWERED).filter((failure) => answered.has(failure))).toEqual([]);
  });

  const files = areGenuineFilesMissing()
    ? []
    : readdirSync(GENUINE_FOLDER).filter((file) => file.endsWith('.json'));

  describe.each(files)('%s', (file) => {
    test('every operation was called and succeeded', () => {
      const succeeded = new Set(
        calls.kept.filter(({ status }) => status < 300).map(({ operation }) => operation),
      );

      const missing = [...new GenuineAnswers(file).operations.keys()].filter(
        (key) => !succeeded.has(key),
      );

      expect(missing).toEqual([]);
    });

    test('every failure that the file documents was provoked, but for those that cannot be', () => {
      const answers = new GenuineAnswers(file);
      const provoked = new Set(calls.kept.map(({ operation, status }) => `${operation} ${status}`));

      const missing = [...answers.operations.keys()]
        .flatMap((key) => answers.documentedFailures(key).map((status) => [key, status] as const))
        .filter(([key, status]) => !provoked.has(`${key} ${status}`))
        .map(([key, status]) => `${ourIdOf(key)} ${status}`)
        .filter((failure) => !(failure in NEVER_ANSWERED));

      expect(missing).toEqual([]);
    });

    test('every answer is as the file says', () => {
      const answers = new GenuineAnswers(file);

      const problems = calls.kept.flatMap((exchange) => answers.problemsOf(exchange));

      expect([...new Set(problems)]).toEqual([]);
    });
  });
});

async function tokenOf(username: string): Promise<string> {
  const { access_token: token } = await calls.call<{ access_token: string }>('login', 200, {
    body: { username, password: `${username} password` },
  });
  return token;
}

/** The consuming call has the alias of its service in the files. */
function ourIdOf(key: string): string {
  const found = Object.values(operations).find(
    ({ method, path }) => operationKey(method, path) === key,
  );
  return found?.operationId ?? key;
}
