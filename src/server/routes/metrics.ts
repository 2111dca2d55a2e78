// `GET /metrics` for Prometheus: without a token from the addresses that are allowed, else for owners.
import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallObserver } from '../answered-calls.js';
import { authenticate, bearerTokenOf } from '../auth/authenticate.js';
import { ApiError } from '../errors.js';
import type { MetricsOptions } from '../options.js';
import type { RouteContext } from './route.js';

/** A proxy that is not told of by `trustedProxies` makes every client look like itself. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip'];

/** @returns What counts the calls. */
export async function addMetricsRoute(
  app: FastifyInstance,
  context: RouteContext,
  { allowFrom }: MetricsOptions,
): Promise<CallObserver> {
  const { createMetrics } = await import('../metrics.js');
  const { registry, observe } = createMetrics(context);
  const allowed = blockListOf(allowFrom);
  app.get('/metrics', async (request, reply) => {
    if (!isAllowed(request, allowed, context)) await assertOwner(request, context);
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  app.addHook('onClose', () => {
    registry.clear();
  });
  return observe;
}

function isAllowed(request: FastifyRequest, allowed: BlockList, context: RouteContext): boolean {
  const hasTrustedProxies = (context.options.trustedProxies ?? []).length > 0;
  const isForwarded = PROXY_HEADERS.some((name) => request.headers[name] !== undefined);
  if (isForwarded && !hasTrustedProxies) return false;
  return allowed.check(request.ip, isIPv6(request.ip) ? 'ipv6' : 'ipv4');
}

async function assertOwner(request: FastifyRequest, context: RouteContext): Promise<void> {
  const token = bearerTokenOf(request.headers.authorization);
  const { owner, role } = await authenticate(context.authenticator, token);
  request.owner = owner;
  if (role !== 'Owner') {
    throw new ApiError('API_FORBIDDEN', 'Forbidden: metrics are for owners of the server.');
  }
}

/**
 * Addresses and networks as a list that can be asked.
 *
 * @throws Error when one is neither.
 */
function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/', 2);
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
