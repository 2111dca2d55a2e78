// Where our answers are meant to differ from what a genuine Swagger file says, each with its reason. Nothing else may.

/** Fields that answers may have beyond a definition, in files of every release. */
export const EXTRA_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AccessTokenResponse: { expires_in: 'in every example of the files, in no schema' },
  Error: {
    code: 'our own stable name of the error',
    exceptionType: 'came with 9.1; readers of 9.0.1 pass over it',
  },
  Session: { runtimeType: 'came with 9.1' },
  StartBatchExecutionResponse: {
    BatchExecutionId: "the maker's Python package reads this spelling",
  },
  WebService: {
    versionPublishedBy: 'came with 9.1',
    runtimeType: 'came with 9.1',
    initCode: 'came with 9.1',
    outputFileNames: 'came with 9.1',
    myPermissionOnService: 'came with 9.1',
  },
  WebServiceResult: {
    outputFiles: 'always sent by live servers; listed only in files of services with some',
  },
};

/** Definitions that are replaced before they are checked: the schema contradicts the examples or the live servers. */
export const CHANGED_FIELDS: readonly {
  readonly definition: string;
  readonly field: string;
  readonly schema: object;
  readonly reason: string;
}[] = [
  {
    definition: 'AccessTokenResponse',
    field: 'expires_on',
    schema: { type: ['string', 'integer'] },
    reason: 'a string in the schema, an integer in every example',
  },
  {
    definition: 'BatchWebServiceResult',
    field: 'state',
    schema: { enum: ['Pending', 'InProgress', 'Ready', 'Complete', 'Failed'] },
    reason: 'live servers and the articles begin it with a capital, and know Failed',
  },
  {
    definition: 'StatusResponse',
    field: 'components',
    schema: {
      type: ['object', 'null'],
      additionalProperties: { $ref: '#/definitions/StatusResponse' },
    },
    reason: 'null at the leaves of every example',
  },
  {
    definition: 'StatusResponse',
    field: 'details',
    schema: { type: 'object' },
    reason: 'its values are objects in the schema, texts and numbers in every example',
  },
  {
    definition: 'WebServiceResult',
    field: 'outputFiles',
    schema: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
    reason: 'texts in the schema; a live server answered null for a file that was not made',
  },
  {
    definition: 'ParameterDefinition',
    field: 'type',
    schema: { type: 'string' },
    reason: 'the articles publish services with `string`, which is not in the list',
  },
  {
    definition: 'WorkspaceObject',
    field: 'value',
    schema: {},
    reason: 'an object in the schema; numbers, texts and lists in every example',
  },
];

/** Definitions that say nothing of our answers: they are free. */
export const FREE_DEFINITIONS: Readonly<Record<string, string>> = {
  SwaggerJsonResponse:
    '9.0.1 wraps the document as a text, 9.1 and later answer the document itself',
  InputParameters: 'of the service the file was made for, not of ours',
  OutputParameters: 'of the service the file was made for, not of ours',
};

/** Failures whose body has not the shape which the files of services give to all of theirs. */
export const CORE_FAILURES: Readonly<Record<string, RegExp>> = {
  'a login fails in the shape of the core files, which list the same call: it cannot have both':
    /^\w+ \/login/,
};

/** Answers that the files list and that cannot be had, as `operationId status`. */
export const NEVER_ANSWERED: Readonly<Record<string, string>> = {
  'publishWebService 409':
    'the version is a new GUID each time, so there is nothing to collide with',
  'publishRealtimeWebServiceByName 409': 'the version is a new GUID each time',
  'GetWebServiceSwagger 400': 'every name and version can be understood; unknown ones are 404',
  'status 500': 'what is broken is told in the body, whose statusCode is then `fail`',
  'deleteServicePool 400': 'the request has nothing that could be wrong',
  'ConsumeWebService 500':
    'a program that fails, its initCode too, is told in the body: `success` is false',
  'StartBatchExecution 500': 'as for ConsumeWebService',
  'GetBatchExecutions 400': 'the request has nothing that could be wrong',
  'CancelAndDeleteBatchExecution 400': 'the request has nothing that could be wrong',
};
