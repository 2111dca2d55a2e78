// Pools of warm copies that are set aside for one service.
import type { FastifyInstance } from 'fastify';
import type {
  CreateOrUpdateServicePoolRequest,
  ServicePoolStatusResponse,
} from '../../api/index.js';
import { ApiError } from '../errors.js';
import { assertMayChange } from '../services/permissions.js';
import type { ServicePool, ServiceRecord } from '../store/services.js';
import { computeNodeOf } from './compute-nodes.js';
import { addRoute, sendText, type RouteContext } from './route.js';
import { serviceOf } from './services.js';

/** Sizes that a request leaves out. */
const DEFAULT_POOL: ServicePool = { initialSize: 1, maxSize: 16 };
/** As many processes as R Server ever has in a pool. */
const MAX_POOL_SIZE = 80;

export function addPoolsRoutes(app: FastifyInstance, context: RouteContext): void {
  const { services, loadedServices } = context;

  addRoute(app, context, 'createOrUpdateServicePool', async (request, reply) => {
    const service = await serviceOf(context, request);
    assertMayChange(service, request);
    const pool = poolOf(service, request.body as CreateOrUpdateServicePoolRequest);
    const changed = await services.change(service, { pool });
    loadedServices.warm(changed);
    return sendText(reply, 'Created.');
  });

  addRoute(app, context, 'getServicePoolStatus', async (request) => {
    const service = await serviceOf(context, request);
    const body: ServicePoolStatusResponse = {
      ComputeNodeEndpoint: computeNodeOf(request),
      Status:
        service.pool === undefined
          ? 'NotFound'
          : loadedServices.isReady(service)
            ? 'Success'
            : 'Pending',
    };
    return [body];
  });

  addRoute(app, context, 'deleteServicePool', async (request, reply) => {
    const service = await serviceOf(context, request);
    assertMayChange(service, request);
    if (service.pool !== undefined) await services.change(service, { pool: 'none' });
    return sendText(reply, 'Deleted.');
  });
}

/** @throws {ApiError} `API_BAD_REQUEST` when the sizes do not fit together. */
function poolOf(service: ServiceRecord, request: CreateOrUpdateServicePoolRequest): ServicePool {
  const present = service.pool ?? DEFAULT_POOL;
  const { InitialPoolSize: initial, MaxPoolSize: max } = request;
  const maxSize = max ?? Math.max(present.maxSize, initial ?? 0);
  const initialSize = initial ?? Math.min(present.initialSize, maxSize);
  if (initialSize <= maxSize && maxSize <= MAX_POOL_SIZE) return { initialSize, maxSize };
  throw new ApiError(
    'API_BAD_REQUEST',
    `InitialPoolSize ${initialSize} must be at most MaxPoolSize ${maxSize}, and that at most ${MAX_POOL_SIZE}.`,
  );
}
