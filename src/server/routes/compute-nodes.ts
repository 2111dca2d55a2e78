// The list of compute nodes. This server computes by itself: the list has one entry, which stays.
import { hostname } from 'node:os';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GetComputeNodesResponse, UpdateComputeNodesRequest } from '../../api/index.js';
import { ApiError } from '../errors.js';
import { addRoute, type RouteContext } from './route.js';

/** A URI of a machine, or a range such as `http://1.0.1-3.1:12805-12807`. */
const NODE_OR_RANGE = /^https?:\/\/(\[[\da-f:]+\]|[\w.-]+)(?::\d{1,5}(?:-\d{1,5})?)?\/?$/i;

export function addComputeNodesRoutes(app: FastifyInstance, context: RouteContext): void {
  addRoute(app, context, 'getComputeNodes', (request, reply) => {
    const body: GetComputeNodesResponse = { computeNodes: [computeNodeOf(request)] };
    return reply.send(body);
  });

  for (const operationId of ['setComputeNodes', 'addComputeNode'] as const) {
    addRoute(app, context, operationId, (request, reply) => {
      const others = entriesOf(request).filter((entry) => !isOwn(entry, request));
      const isEmptied = operationId === 'setComputeNodes' && entriesOf(request).length === 0;
      if (others.length === 0 && !isEmptied) return reply.send();
      throw fixedList(request);
    });
  }

  addRoute(app, context, 'removeComputeNode', (request, reply) => {
    if (!entriesOf(request).some((entry) => isOwn(entry, request))) return reply.send();
    throw fixedList(request);
  });
}

/** The URI under which this server would be a compute node. */
export function computeNodeOf(request: FastifyRequest): string {
  const scheme = request.protocol;
  return `${scheme}://localhost:${request.socket.localPort ?? 0}/`;
}

/** @throws {ApiError} `API_BAD_REQUEST` for what is neither a URI nor a range. */
function entriesOf(request: FastifyRequest): readonly string[] {
  const { entries = [] } = request.body as UpdateComputeNodesRequest;
  for (const entry of entries) {
    if (NODE_OR_RANGE.test(entry)) continue;
    throw new ApiError(
      'API_BAD_REQUEST',
      `${JSON.stringify(entry)} is neither the URI of a compute node nor a range of them.`,
    );
  }
  return entries;
}

function isOwn(entry: string, request: FastifyRequest): boolean {
  if (!URL.canParse(entry)) return false; // a range of ports
  const { hostname: host, port } = new URL(entry);
  const hosts = ['localhost', '127.0.0.1', '[::1]', hostname().toLowerCase()];
  return port === String(request.socket.localPort) && hosts.includes(host);
}

function fixedList(request: FastifyRequest): ApiError {
  return new ApiError(
    'API_BAD_REQUEST',
    `This server computes by itself: its list of compute nodes is ${computeNodeOf(request)} and stays so.`,
  );
}
