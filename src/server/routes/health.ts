// For those who watch over the server: is it alive, and may it be sent requests? Nothing here needs a token or tells more.
import type { FastifyInstance } from 'fastify';
import type { RouteContext } from './route.js';

/** `GET /health/live` asks nobody; `GET /health/ready` and `GET /health` ask the database. */
export function addHealthRoutes(app: FastifyInstance, { store }: RouteContext): void {
  app.get('/health/live', () => ({ status: 'pass' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (_request, reply) => {
      const isReady = await store.check().then(
        () => true,
        () => false,
      );
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'pass' : 'fail' });
    });
  }
}
