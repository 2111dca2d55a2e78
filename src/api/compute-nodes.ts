// The contract of the list of compute nodes (9.2.1 and later; for administrators).
import {
  emptyResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  ref,
  strings,
  unauthorized,
  type Operation,
  type Paths,
  type Schemas,
} from './document.js';

const tag = ['Centralized Configuration APIs'];

const change = (operationId: string, summary: string): Operation => ({
  operationId,
  tags: tag,
  summary,
  requestBody: jsonBody(ref('UpdateComputeNodesRequest'), 'URIs, or ranges of URIs.', {
    entries: ['http://1.1.1.1:10-12'],
  }),
  responses: {
    200: emptyResponse('Done.'),
    ...errorResponses({
      400: 'An entry is neither a URI nor a range.',
      401: unauthorized,
      403: 'The user is no administrator.',
    }),
  },
  'x-since': '9.2.1',
});

/** Paths of the list of compute nodes. */
export const computeNodesPaths: Paths = {
  '/computenodes': {
    get: {
      operationId: 'getComputeNodes',
      tags: tag,
      summary: 'List the compute nodes',
      responses: {
        200: jsonResponse(ref('GetComputeNodesResponse'), 'The list.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.2.1',
    },
    post: change('setComputeNodes', 'Replace the list of compute nodes'),
    put: change('addComputeNode', 'Add compute nodes to the list'),
    delete: change('removeComputeNode', 'Take compute nodes off the list'),
  },
};

/** Schemas of the list of compute nodes. */
export const computeNodesSchemas: Schemas = {
  UpdateComputeNodesRequest: {
    type: 'object',
    properties: { entries: strings('URIs, or ranges such as `http://1.0.1-3.1:12805`.') },
  },
  GetComputeNodesResponse: {
    type: 'object',
    properties: { computeNodes: strings('URIs or ranges.') },
  },
};
