// The contract of pools of shells that are set aside for one service (9.3).
import {
  errorResponses,
  jsonBody,
  jsonResponse,
  listOf,
  ref,
  text,
  unauthorized,
  type Paths,
  type Schemas,
} from './document.js';
import { serviceNameParameter, serviceVersionParameter } from './services.js';

const tag = ['Services Management APIs'];
const service = [serviceNameParameter, serviceVersionParameter];
const poolErrors = errorResponses({
  400: 'The sizes do not fit together.',
  401: unauthorized,
  403: 'The user may not manage pools.',
});

/** Paths of dedicated pools. */
export const poolsPaths: Paths = {
  '/services/{name}/{version}/pool': {
    post: {
      operationId: 'createOrUpdateServicePool',
      tags: tag,
      summary: 'Set aside shells for a service, or change how many',
      parameters: service,
      requestBody: jsonBody(ref('CreateOrUpdateServicePoolRequest'), 'How many.'),
      responses: { 200: jsonResponse({ type: 'string' }, 'Done.'), ...poolErrors },
      'x-since': '9.3',
    },
    get: {
      operationId: 'getServicePoolStatus',
      tags: tag,
      summary: 'The state of the pool on each compute node',
      parameters: service,
      responses: {
        200: jsonResponse(listOf('ServicePoolStatusResponse'), 'One entry for each compute node.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.3',
    },
    delete: {
      operationId: 'deleteServicePool',
      tags: tag,
      summary: 'Give the shells back',
      parameters: service,
      responses: { 200: jsonResponse({ type: 'string' }, 'Done.'), ...poolErrors },
      'x-since': '9.3',
    },
  },
};

/** Schemas of dedicated pools; their fields are in PascalCase. */
export const poolsSchemas: Schemas = {
  CreateOrUpdateServicePoolRequest: {
    type: 'object',
    properties: {
      InitialPoolSize: {
        type: 'integer',
        minimum: 0,
        description: 'Shells to start with; at most MaxPoolSize.',
      },
      MaxPoolSize: { type: 'integer', minimum: 0, description: 'Shells at most.' },
    },
  },
  ServicePoolStatusResponse: {
    type: 'object',
    properties: {
      ComputeNodeEndpoint: text('URI of the compute node.'),
      Status: { type: 'string', enum: ['Success', 'Pending', 'NotFound'] },
    },
  },
};
