// Calling a published service: its Swagger file and one call. Batches are in batches.ts.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { WebServiceParameters } from '../../api/index.js';
import { ApiError } from '../errors.js';
import { consume, type ConsumeResult } from '../services/consume.js';
import { inputsOf } from '../services/inputs.js';
import { swaggerOf } from '../services/swagger.js';
import { addRoute, type RouteContext } from './route.js';
import { serviceOf } from './services.js';

export function addWebServiceRoutes(app: FastifyInstance, context: RouteContext): void {
  const { loadedServices: loaded, limits } = context;

  addRoute(app, context, 'GetWebServiceSwagger', async (request) =>
    swaggerOf(await serviceOf(context, request)),
  );

  addRoute(app, context, 'ConsumeWebService', async (request, reply) => {
    const signal = clientSignal(reply);
    const call = async (): Promise<ConsumeResult> => {
      const service = await serviceOf(context, request);
      const inputs = inputsOf(service, request.body as WebServiceParameters);
      return consume(service, inputs, { loaded, timeoutMs: limits.serviceCallMs, signal });
    };
    try {
      return await call();
    } catch (error) {
      // The service was changed between looking it up and calling it: nothing has run.
      if (error instanceof ApiError && error.code === 'API_CONFLICT') return call();
      throw error;
    }
  });
}

/** Aborted when the client goes away before its answer is out. */
function clientSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
