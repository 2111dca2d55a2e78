// The Swagger 2.0 file of one service, from which clients are generated. Texts and slips are those of R Server.
import type { ParameterDefinition } from '../../api/index.js';
import type { ServiceRecord } from '../store/services.js';
import { jsonTypeOf, valueTypeOf } from './parameter-types.js';

type Json = Readonly<Record<string, unknown>>;

const DEFAULT_OPERATION_ID = 'ConsumeWebService';
const BEARER = [{ Bearer: [] }];
const JSON_ONLY = ['application/json'];
const CONSUME_RESPONSES = {
  400: { description: 'Bad Request.' },
  500: { description: 'Internal Server Error.' },
  default: { description: 'Unexpected error.', schema: ref('Error') },
};

/** @see rserver-api section 7.2, appendix C */
export function swaggerOf(service: ServiceRecord): Json {
  const { name, version, description } = service;
  const root = `/api/${name}/${version}`;
  return {
    swagger: '2.0',
    info: { description, title: name, version },
    schemes: ['http', 'https'],
    securityDefinitions: { Bearer: { type: 'apiKey', name: 'Authorization', in: 'header' } },
    tags: [{ name, description }],
    consumes: JSON_ONLY,
    produces: JSON_ONLY,
    paths: {
      ...LOGIN_PATHS,
      [root]: { post: consumeOperation(service) },
      ...batchPaths(name, root),
    },
    definitions: {
      InputParameters: parametersSchema(service.inputs),
      OutputParameters: parametersSchema(service.outputs),
      Error: properties({
        code: { type: 'integer', format: 'int32' },
        message: { type: 'string' },
        fields: { type: 'string' },
      }),
      WebServiceResult: resultSchema(service),
      ...DEFINITIONS,
    },
  };
}

function consumeOperation({ name, operationId }: ServiceRecord): Json {
  return {
    security: BEARER,
    tags: [name],
    description: `Consume the ${name} web service.`,
    operationId: operationId === '' ? DEFAULT_OPERATION_ID : operationId,
    parameters: [
      {
        name: 'WebServiceParameters',
        in: 'body',
        required: true,
        description: 'Input parameters to the web service.',
        schema: ref('InputParameters'),
      },
    ],
    responses: { 200: ok(ref('WebServiceResult')), ...CONSUME_RESPONSES },
  };
}

function batchPaths(name: string, root: string): Json {
  const execution = parameter('executionId', 'string', 'Execution id of the execution');
  const index = parameter('index', 'integer', 'Index of the execution in the batch.');
  const operation = (operationId: string, summary: string): Json => ({
    security: BEARER,
    tags: [name],
    summary,
    operationId,
    consumes: JSON_ONLY,
    produces: JSON_ONLY,
  });
  return {
    [`${root}/batch`]: {
      post: startBatchOperation(name),
      get: {
        ...operation('GetBatchExecutions', `Gets all batch executions for ${name}.`),
        responses: { 200: ok(STRINGS), default: failure('404 - Web service not found') },
      },
    },
    [`${root}/batch/{executionId}`]: {
      get: {
        ...operation('GetBatchExecutionStatus', `Gets all batch executions for ${name}.`),
        parameters: [
          execution,
          {
            name: 'showPartialResults',
            in: 'query',
            description:
              "Returns the already processed results of the batch execution even if it hasn't been fully completed.",
            required: false,
            type: 'boolean',
          },
        ],
        responses: { 200: ok(ref('BatchWebServiceResult')), default: EXECUTION_FAILURE },
      },
      delete: {
        ...operation(
          'CancelAndDeleteBatchExecution',
          `Cancels and deletes all batch executions for ${name}.`,
        ),
        parameters: [parameter('executionId', 'string', 'Execution id of the execution.')],
        responses: { 200: ok(STRINGS), default: EXECUTION_FAILURE },
      },
    },
    [`${root}/batch/{executionId}/{index}/files`]: {
      get: {
        ...operation(
          'GetBatchExecutionFiles',
          `Gets all files from an individual execution in ${name}.`,
        ),
        parameters: [execution, index],
        responses: { 200: ok(STRINGS), default: EXECUTION_FAILURE },
      },
    },
    [`${root}/batch/{executionId}/{index}/files/{fileName}`]: {
      get: {
        ...operation('GetBatchExecutionFile', `Gets a specific file from an execution in ${name}.`),
        parameters: [
          execution,
          index,
          parameter('fileName', 'string', 'Name of the file to be returned.'),
        ],
        responses: {
          200: ok({ type: 'file' }),
          default: failure(
            '404 - Web service not found',
            '404 - Execution not found',
            '404 - File not found',
          ),
        },
      },
    },
  };
}

function startBatchOperation(name: string): Json {
  return {
    security: BEARER,
    tags: [name],
    description: `Consume the ${name} web service asynchronously.`,
    operationId: 'StartBatchExecution',
    parameters: [
      {
        name: 'BatchWebServiceParameters',
        in: 'body',
        required: true,
        description: 'Input parameters to the web service.',
        schema: { type: 'array', items: ref('InputParameters') },
      },
      {
        name: 'parallelCount',
        in: 'query',
        description:
          'Number of threads used to process entries in the batch. Default value is 10. Please make sure not to use too high of a number because it might negatively impact performance.',
        required: false,
        type: 'integer',
        format: 'int32',
      },
    ],
    responses: {
      202: { description: 'Accepted', schema: ref('StartBatchExecutionResponse') },
      ...CONSUME_RESPONSES,
    },
  };
}

/** `outputFiles` is told of only where the service declares some, although every answer has the field. */
function resultSchema({ outputFileNames }: ServiceRecord): Json {
  return properties({
    success: {
      type: 'boolean',
      description: 'Boolean flag indicating the success status of web service execution.',
    },
    errorMessage: {
      type: 'string',
      description: 'Error messages if any occurred during the web service execution.',
    },
    consoleOutput: {
      type: 'string',
      description: 'Console output from the web service execution.',
    },
    changedFiles: {
      type: 'array',
      items: {
        type: 'string',
        description: 'The filename of a modified file during the web service execution.',
      },
      description: 'The filenames of the files modified during the web service execution.',
    },
    ...(outputFileNames.length > 0 && {
      outputFiles: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
    }),
    outputParameters: ref('OutputParameters'),
  });
}

function parametersSchema(definitions: readonly ParameterDefinition[]): Json {
  return properties(
    Object.fromEntries(
      definitions.map(({ name, type }) => {
        const jsonType = jsonTypeOf(valueTypeOf(type));
        return [name, { ...(jsonType !== undefined && { type: jsonType }), description: type }];
      }),
    ),
  );
}

function ref(name: string): Json {
  return { $ref: `#/definitions/${name}` };
}

function ok(schema: Json): Json {
  return { description: 'OK', schema };
}

function properties(content: Json): Json {
  return { type: 'object', properties: content };
}

function parameter(name: string, type: string, description: string): Json {
  return { name, in: 'path', description, required: true, type };
}

/** The list of failures, in R Server's own form. */
function failure(...reasons: readonly string[]): Json {
  const lines = [...reasons, '400 - Bad request'].map((reason) => ` \n * ${reason}`);
  return { description: `Error${lines.join('')}`, schema: ref('Error') };
}

const EXECUTION_FAILURE = failure('404 - Web service not found', '404 - Execution not found');
const STRINGS = { type: 'array', items: { type: 'string' } };

const TOKENS = ref('AccessTokenResponse');
const REFRESH_FAILURE = {
  description: 'Error \n * 401 - Invalid or expired refresh token',
  schema: ref('Error'),
};
const LOGIN_PATHS = {
  '/login': {
    post: {
      operationId: 'login',
      summary: 'Logs the user in',
      parameters: [
        { name: 'loginRequest', in: 'body', required: true, schema: ref('LoginRequest') },
      ],
      tags: ['User'],
      responses: {
        200: { description: 'Login successful', schema: TOKENS },
        default: { description: 'Error \n * 401 - Invalid Password', schema: ref('Error') },
      },
    },
  },
  '/login/refreshToken': {
    post: {
      operationId: 'renewToken',
      summary: 'The user renews access token and refresh token',
      parameters: [
        { name: 'renewTokenRequest', in: 'body', required: true, schema: ref('RenewTokenRequest') },
      ],
      tags: ['User'],
      responses: {
        200: {
          description: 'Access token and refresh token updated successfully',
          schema: TOKENS,
        },
        default: REFRESH_FAILURE,
      },
    },
    delete: {
      operationId: 'revokeRefreshToken',
      summary: 'The user revokes a refresh token',
      parameters: [
        {
          name: 'refreshToken',
          in: 'query',
          description: 'The refresh token to be revoked',
          required: true,
          type: 'string',
        },
      ],
      tags: ['User'],
      responses: {
        200: { description: 'Refresh token updated successfully', schema: TOKENS },
        default: REFRESH_FAILURE,
      },
    },
  },
};

const DEFINITIONS = {
  StartBatchExecutionResponse: properties({
    batchExecutionId: { type: 'string', description: 'Id of the asynchronous execution.' },
  }),
  BatchWebServiceResult: properties({
    state: {
      type: 'string',
      enum: ['pending', 'inProgress', 'ready', 'complete'],
      description:
        'State of the execution. Can be of the following values:\n - Pending: The batch execution was submitted but is not yet scheduled.\nReady: The batch execution was submitted and can be executed.\nInProgress: The batch execution is currently being processed.\nComplete: The batch execution has been completed.',
    },
    completedItemCount: {
      type: 'integer',
      format: 'int32',
      description: 'Number of completed items in this batch operation.',
    },
    totalItemCount: {
      type: 'integer',
      format: 'int32',
      description: 'Number of total items in this batch operation.',
    },
    batchExecutionResults: {
      type: 'array',
      items: ref('WebServiceResult'),
      description: 'The responses of the individual executions.',
    },
  }),
  LoginRequest: properties({
    username: { type: 'string', description: 'The name of the user.' },
    password: { type: 'string', description: 'The password of the user.' },
  }),
  RenewTokenRequest: properties({
    refreshToken: { type: 'string', description: 'A currently valid refresh token.' },
  }),
  AccessTokenResponse: properties({
    token_type: { type: 'string' },
    access_token: { type: 'string' },
    expires_on: { type: 'string' },
    refresh_token: { type: 'string' },
  }),
};
