// Two servers on one PostgreSQL database, as a team runs them behind a load balancer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgresql, type PostgresqlCluster } from '../../helpers/postgresql.js';
import { isMissing } from '../../helpers/requirements.js';
import { startServer, type TestServer } from './harness.js';

describe.skipIf(isMissing('postgresql'))(
  'two servers on one PostgreSQL database',
  { timeout: 120_000 },
  () => {
    let cluster: PostgresqlCluster;
    let one: TestServer;
    let two: TestServer;
    let nowMs = Date.now();

    beforeAll(async () => {
      cluster = await startPostgresql();
      const databaseUrl = await cluster.createDatabase();
      const options = { databaseUrl, now: () => nowMs };
      one = await startServer(options);
      two = await startServer({ ...options, dataDirectory: one.dataDirectory });
    });
    afterAll(async () => {
      await two.close({ keepData: true });
      await one.close();
      await cluster.stop();
    });

    test('take each other’s tokens, and a revoked one is gone at both', async () => {
      const { access_token: token, refresh_token: refreshToken } = await one.login();
      const status = (server: TestServer) => server.call('GET', '/status', { token });

      const answer = await status(two);

      expect(answer.statusCode).toBe(200);
      expect(answer.body).toMatchObject({
        components: { database: { details: { type: 'postgresql' } } },
      });
      await two.call('DELETE', `/login/refreshToken?refreshToken=${refreshToken}`);
      nowMs += 5000;
      expect([(await status(one)).statusCode, (await status(two)).statusCode]).toEqual([401, 401]);
    });

    test('of two renewals of one token, one at each, one is refused', async () => {
      const { refresh_token: refreshToken } = await one.login();

      const answers = await Promise.all(
        [one, two].map((server) =>
          server.call('POST', '/login/refreshToken', { body: { refreshToken } }),
        ),
      );

      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 401]);
    });

    test('a snapshot made at one is loaded, and deleted, at the other', async () => {
      const token = await one.token();
      const id = await one.session(token);
      const saved = await one.call<{ snapshotId: string }>('POST', `/sessions/${id}/snapshot`, {
        token,
        body: { name: 'shared' },
      });
      const { snapshotId } = saved.body;

      const listed = await two.call('GET', '/snapshots', { token });
      const session = await two.session(token, { snapshotId });

      expect(listed.body).toEqual([expect.objectContaining({ id: snapshotId, name: 'shared' })]);
      expect(session).toMatch(/^[\da-f-]{36}$/);
      expect((await two.call('DELETE', `/snapshots/${snapshotId}`, { token })).statusCode).toBe(
        200,
      );
      expect((await one.call('GET', `/snapshots/${snapshotId}`, { token })).statusCode).toBe(404);
    });
  },
);
