// The contract of calling a published service: its Swagger file, one call, and batches of calls.
import {
  bytesResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  pathParameter,
  ref,
  serviceErrorResponses,
  strings,
  text,
  unauthorized,
  type Parameter,
  type Paths,
  type Schemas,
} from './document.js';
import { serviceNameParameter, serviceVersionParameter } from './services.js';

const tag = ['Service Consumption APIs'];
const service: readonly Parameter[] = [serviceNameParameter, serviceVersionParameter];
const executionId = pathParameter('executionId', 'Id of the batch execution.');
const index = pathParameter('index', 'Place of the item in the batch, from 0.', {
  type: 'integer',
  minimum: 0,
});

const consumeErrors = serviceErrorResponses({
  400: 'The inputs are not those of the service.',
  401: unauthorized,
  404: 'No such service or version.',
  500: 'The service could not be run.',
});
const batchErrors = serviceErrorResponses({
  400: 'The request cannot be understood.',
  401: unauthorized,
  404: 'No such service, version, execution, item or file.',
});

/** Paths of calling a service. */
export const webServicePaths: Paths = {
  '/api/{name}/{version}/swagger.json': {
    get: {
      operationId: 'GetWebServiceSwagger',
      tags: tag,
      summary: 'The Swagger 2.0 file of one service',
      description:
        'A genuine server labels it text/plain; 9.0.1 wraps it as `{swaggerJson: text}`.',
      parameters: service,
      responses: {
        200: jsonResponse(ref('SwaggerJsonResponse'), 'The Swagger file.'),
        ...errorResponses({
          400: 'The request cannot be understood.',
          401: unauthorized,
          404: 'No such service or version.',
        }),
      },
      'x-since': '9.0.1',
    },
  },
  '/api/{name}/{version}': {
    post: {
      operationId: 'ConsumeWebService',
      tags: tag,
      summary: 'Call a service and wait for its answer',
      description:
        'In the Swagger file of a service the operation carries the alias of that service instead. A failing program answers 200 with `success: false`.',
      parameters: service,
      requestBody: jsonBody(ref('WebServiceParameters'), 'The inputs by name.', { x: 5 }),
      responses: {
        200: jsonResponse(ref('WebServiceResult'), 'The service has run.', {
          success: true,
          errorMessage: '',
          outputParameters: { y: 10 },
          outputFiles: {},
          consoleOutput: '',
          changedFiles: [],
        }),
        ...consumeErrors,
      },
      'x-since': '9.0.1',
    },
  },
  '/api/{name}/{version}/batch': {
    post: {
      operationId: 'StartBatchExecution',
      tags: tag,
      summary: 'Call a service many times in the background',
      parameters: [
        ...service,
        {
          name: 'parallelCount',
          in: 'query',
          required: false,
          description: 'How many items run at once.',
          schema: { type: 'integer', format: 'int32', minimum: 1, default: 10 },
        },
      ],
      requestBody: jsonBody(
        { type: 'array', items: ref('WebServiceParameters') },
        'The inputs of each item.',
      ),
      responses: {
        202: jsonResponse(ref('StartBatchExecutionResponse'), 'Accepted.'),
        ...consumeErrors,
      },
      'x-since': '9.0.1',
    },
    get: {
      operationId: 'GetBatchExecutions',
      tags: tag,
      summary: 'Ids of the batch executions of a service',
      parameters: service,
      responses: { 200: jsonResponse(strings(), 'The ids.'), ...batchErrors },
      'x-since': '9.0.1',
    },
  },
  '/api/{name}/{version}/batch/{executionId}': {
    get: {
      operationId: 'GetBatchExecutionStatus',
      tags: tag,
      summary: 'How far a batch execution is, and its results',
      parameters: [
        ...service,
        executionId,
        {
          name: 'showPartialResults',
          in: 'query',
          required: false,
          description: 'Bring the results of finished items before all are done.',
          schema: { type: 'boolean' },
        },
        {
          name: 'showPartialResult',
          in: 'query',
          required: false,
          description: 'The same, as the Python package of the maker spells it.',
          schema: { type: 'boolean' },
          'x-contradiction': 'The Python package leaves out the last letter.',
        },
      ],
      responses: { 200: jsonResponse(ref('BatchWebServiceResult'), 'The state.'), ...batchErrors },
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'CancelAndDeleteBatchExecution',
      tags: tag,
      summary: 'Stop a batch execution and forget it',
      parameters: [...service, executionId],
      responses: { 200: jsonResponse(strings(), 'Stopped and forgotten.'), ...batchErrors },
      'x-since': '9.0.1',
    },
  },
  '/api/{name}/{version}/batch/{executionId}/{index}/files': {
    get: {
      operationId: 'GetBatchExecutionFiles',
      tags: tag,
      summary: 'Names of the files which one item made',
      parameters: [...service, executionId, index],
      responses: {
        200: jsonResponse(strings(), 'The names; some servers answer null.'),
        ...batchErrors,
      },
      'x-since': '9.0.1',
    },
  },
  '/api/{name}/{version}/batch/{executionId}/{index}/files/{fileName}': {
    get: {
      operationId: 'GetBatchExecutionFile',
      tags: tag,
      summary: 'Download a file which one item made',
      parameters: [...service, executionId, index, pathParameter('fileName', 'Name of the file.')],
      responses: { 200: bytesResponse('The bytes of the file.'), ...batchErrors },
      'x-since': '9.0.1',
    },
  },
};

/** Schemas of calling a service. */
export const webServiceSchemas: Schemas = {
  SwaggerJsonResponse: {
    type: 'object',
    description: 'A Swagger 2.0 document.',
    additionalProperties: true,
  },
  WebServiceParameters: {
    type: 'object',
    description: 'Input name to value, in the encoding of docs/data-types.md.',
    additionalProperties: true,
  },
  WebServiceResult: {
    type: 'object',
    properties: {
      success: {
        type: 'boolean',
        description: 'Whether the code ran to its end without an error.',
      },
      errorMessage: text('The error of the code; empty when there is none.'),
      outputParameters: {
        type: 'object',
        additionalProperties: true,
        description: 'Output name to value. A map, unlike the list of an execution.',
      },
      outputFiles: {
        type: 'object',
        additionalProperties: { type: ['string', 'null'], format: 'byte' },
        description: 'File name to base64, or null when the code did not make the file.',
      },
      consoleOutput: text('All that the code printed.'),
      changedFiles: strings('Names of the files which the code made or changed.'),
    },
  },
  StartBatchExecutionResponse: {
    type: 'object',
    properties: {
      batchExecutionId: text('Id of the batch execution.'),
      BatchExecutionId: {
        ...text('The same, as real servers spell it.'),
        'x-contradiction': 'The Python package of the maker reads this spelling.',
      },
    },
  },
  BatchWebServiceResult: {
    type: 'object',
    properties: {
      state: {
        anyOf: [
          { type: 'string', enum: ['pending', 'inProgress', 'ready', 'complete', 'failed'] },
          { type: 'string' },
        ],
        description: 'Real servers capitalise it and also say `Failed`: compare without case.',
        'x-contradiction': 'The enumeration has no `failed`.',
      },
      completedItemCount: { type: 'integer', format: 'int32', description: 'Items that are done.' },
      totalItemCount: { type: 'integer', format: 'int32', description: 'Items in all.' },
      batchExecutionResults: {
        type: 'array',
        items: ref('WebServiceResult'),
        description: 'The results, in the order of the items.',
      },
    },
  },
};
