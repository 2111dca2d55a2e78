// The contract of managing web services: publish, look up, change, delete. Calling them is in `web-service.ts`.
import {
  emptyResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  listOf,
  pathParameter,
  ref,
  strings,
  text,
  unauthorized,
  type Parameter,
  type Paths,
  type Schemas,
} from './document.js';

const tag = ['Services Management APIs'];

/** The `{name}` of every service path. */
export const serviceNameParameter: Parameter = pathParameter('name', 'Name of the web service.');

/** The `{version}` of every service path. */
export const serviceVersionParameter: Parameter = pathParameter(
  'version',
  'Version of the web service: any text, such as `1.0` or `v1.0.0`.',
);

/** Paths of managing web services. */
export const servicesPaths: Paths = {
  '/services': {
    get: {
      operationId: 'getAllWebServices',
      tags: tag,
      summary: 'List the published services of all users',
      responses: {
        200: jsonResponse(listOf('WebService'), 'Every version of every service.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.0.1',
    },
  },
  '/services/{name}': {
    get: {
      operationId: 'getAllWebServiceVersionsByName',
      tags: tag,
      summary: 'List the versions of one service',
      parameters: [serviceNameParameter],
      responses: {
        200: jsonResponse(listOf('WebService'), 'The versions, the latest last.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.0.1',
    },
    post: {
      operationId: 'publishWebService',
      tags: tag,
      summary: 'Publish a service under a version which the server makes up',
      parameters: [serviceNameParameter],
      requestBody: jsonBody(ref('PublishWebServiceRequest'), 'The service.'),
      responses: {
        201: jsonResponse({ type: 'string' }, 'Published; the text is the version.'),
        ...errorResponses({
          400: 'The body is not a service.',
          401: unauthorized,
          403: 'Another user owns the service.',
          409: 'The version exists; change it with PATCH.',
        }),
      },
      'x-since': '9.0.1',
    },
  },
  '/services/{name}/{version}': {
    get: {
      operationId: 'getWebServiceVersion',
      tags: tag,
      summary: 'Look up one version of a service',
      parameters: [serviceNameParameter, serviceVersionParameter],
      responses: {
        200: jsonResponse(
          listOf('WebService'),
          'A list of one; examples of genuine servers also show the bare object.',
        ),
        ...errorResponses({ 401: unauthorized, 404: 'No such service or version.' }),
      },
      'x-since': '9.0.1',
    },
    post: {
      operationId: 'publishWebServiceVersion',
      tags: tag,
      summary: 'Publish a service under a given version',
      parameters: [serviceNameParameter, serviceVersionParameter],
      requestBody: jsonBody(ref('PublishWebServiceRequest'), 'The service.', {
        code: 'y <- x * 2',
        inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
        outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
        runtimeType: 'R',
      }),
      responses: {
        201: jsonResponse({ type: 'string' }, 'Published; the text is the version.'),
        ...errorResponses({
          400: 'The body is not a service.',
          401: unauthorized,
          403: 'The version exists, or the user may not publish.',
        }),
      },
      'x-since': '9.0.1',
    },
    patch: {
      operationId: 'patchWebServiceVersion',
      tags: tag,
      summary: 'Change a published service',
      description:
        'Only fields in the body are changed; `runtimeType` has to be given again for Python, because an absent one means R.',
      parameters: [serviceNameParameter, serviceVersionParameter],
      requestBody: jsonBody(ref('PatchWebServiceRequest'), 'What changes.'),
      responses: {
        200: jsonResponse({ type: 'string' }, 'Changed; the text is the version.'),
        ...errorResponses({
          400: 'The body is not a service.',
          401: unauthorized,
          403: 'Another user owns the service.',
          404: 'No such service or version.',
        }),
      },
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'deleteWebServiceVersion',
      tags: tag,
      summary: 'Delete one version of a service',
      parameters: [serviceNameParameter, serviceVersionParameter],
      responses: {
        200: emptyResponse('Deleted.'),
        ...errorResponses({
          401: unauthorized,
          403: 'Another user owns the service.',
          404: 'No such service or version.',
        }),
      },
      'x-since': '9.0.1',
    },
  },
};

const publishProperties = {
  snapshotId: text('Snapshot whose content each request finds in its workspace.'),
  code: text('Code that computes the outputs from the inputs.'),
  description: text('What the service is for.'),
  operationId: text('Name of the consuming call in the Swagger file of the service.'),
  inputParameterDefinitions: {
    ...listOf('ParameterDefinition'),
    description: 'The inputs, each with its type.',
  },
  outputParameterDefinitions: {
    ...listOf('ParameterDefinition'),
    description: 'The outputs, each with its type.',
  },
  runtimeType: {
    type: 'string',
    enum: ['R', 'Python'],
    description: 'Language of the code; R where absent.',
    'x-since': '9.1',
  },
  initCode: {
    ...text('Code whose state each request begins with. The embedded server runs it once.'),
    'x-since': '9.1',
  },
  outputFileNames: {
    ...strings('Files which the answer brings along.'),
    'x-since': '9.1',
  },
} as const;

/** Schemas of managing web services. */
export const servicesSchemas: Schemas = {
  ParameterDefinition: {
    type: 'object',
    required: ['name', 'type'],
    properties: {
      name: text('Name of the variable.'),
      type: {
        anyOf: [
          {
            type: 'string',
            enum: ['logical', 'numeric', 'integer', 'character', 'vector', 'matrix', 'data.frame'],
          },
          { type: 'string' },
        ],
        description: 'An open list: published articles also use `string` and `dataframe`.',
      },
    },
  },
  PublishWebServiceRequest: {
    type: 'object',
    required: ['code'],
    properties: publishProperties,
  },
  PatchWebServiceRequest: {
    type: 'object',
    description: 'As PublishWebServiceRequest; nothing is required.',
    properties: publishProperties,
  },
  WebService: {
    type: 'object',
    required: ['name', 'version'],
    properties: {
      name: text('Name of the service.'),
      version: text('Version of the service.'),
      versionPublishedBy: { ...text('User who published this version.'), 'x-since': '9.1' },
      owner: {
        ...text('User who published this version, as 9.0.1 names it.'),
        'x-contradiction': 'In the examples of 9.0.1, in no schema.',
      },
      creationTime: text('When it was published.'),
      snapshotId: text('Snapshot it was published with.'),
      runtimeType: {
        type: 'string',
        enum: ['R', 'Python', 'Realtime'],
        description: 'Language of the code.',
        'x-since': '9.1',
      },
      initCode: { ...text('Code that runs before each request.'), 'x-since': '9.1' },
      code: text('The code; only its publisher and owners of the server see it.'),
      description: text('What the service is for.'),
      operationId: text('Name of the consuming call.'),
      inputParameterDefinitions: listOf('ParameterDefinition'),
      outputParameterDefinitions: listOf('ParameterDefinition'),
      outputFileNames: {
        ...strings('Files which the answer brings along.'),
        'x-since': '9.1',
      },
      myPermissionOnService: {
        ...text('`read/write` or `read only`.'),
        'x-since': '9.1',
      },
    },
  },
};
