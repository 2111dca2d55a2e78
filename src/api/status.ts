// The contract of the health report.
import {
  errorResponses,
  jsonResponse,
  ref,
  unauthorized,
  type Paths,
  type Schemas,
} from './document.js';

/** Path of the health report. */
export const statusPaths: Paths = {
  '/status': {
    get: {
      operationId: 'status',
      tags: ['Status APIs'],
      summary: 'The health of the server and of its parts',
      responses: {
        200: jsonResponse(ref('StatusResponse'), 'The report.'),
        ...errorResponses({
          401: unauthorized,
          500: 'The server cannot tell its own state.',
        }),
      },
      'x-since': '9.0.1',
    },
  },
};

/** Schema of the health report: a tree. */
export const statusSchemas: Schemas = {
  StatusResponse: {
    type: 'object',
    properties: {
      statusCode: {
        type: 'string',
        enum: ['fail', 'pass', 'warn'],
        description: 'The worst of the parts; 9.0.1 said `green`.',
      },
      details: {
        type: 'object',
        additionalProperties: true,
        description: 'Facts about this part, such as pool sizes.',
      },
      components: {
        type: ['object', 'null'],
        additionalProperties: ref('StatusResponse'),
        description: 'The parts, by name; null where there are none.',
      },
    },
  },
};
