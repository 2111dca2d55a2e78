// Every code of a failing answer of the embedded server, with its HTTP status, cause and remedy.

/** What a code means. `cause` and `remedy` are read by people: docs/errors.md is made from them. */
export interface ApiErrorCode {
  readonly statusCode: number;
  /** Goes into `exceptionType` of the body. */
  readonly exceptionType: string;
  readonly cause: string;
  readonly remedy: string;
}

/**
 * The codes by name.
 *
 * @see rserver-api section 3: 402 is "the parameters were valid but the request failed", 503 "server busy".
 */
export const API_ERROR_CODES = {
  API_BAD_REQUEST: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The request lacks something or has a field of the wrong type.',
    remedy: 'Compare the request with docs/rest-api.md; the message names the field.',
  },
  API_BAD_JSON: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The body is not JSON.',
    remedy: 'Send JSON in UTF-8 with the content type application/json.',
  },
  API_BAD_FILE_NAME: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The file name is empty, or leads out of the working directory.',
    remedy: 'Use a plain name without folders.',
  },
  API_BAD_OBJECT_BYTES: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The bytes are no serialized object of the language of the session.',
    remedy:
      'For R send serialize(object, NULL), for Python dill or pickle bytes, neither JSON nor base64.',
  },
  API_RUNTIME_MISMATCH: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'A snapshot of one language was to be loaded into a session or service of the other.',
    remedy: 'Name the language of the snapshot as `runtimeType`; one that is absent means R.',
  },
  API_BAD_SERVICE_NAME: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The name or version of a service has characters that it cannot have, or is too long.',
    remedy: 'Use letters, digits, dots, underscores and hyphens, such as `v1.0.0`.',
  },
  API_BAD_INPUTS: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'An input of a service call is not of the type that the service declares, or unknown.',
    remedy: 'Compare the inputs with the Swagger file of the service; the message names each.',
  },
  API_BAD_MODEL: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause: 'The bytes of a realtime service are no model that can be read and used to predict.',
    remedy:
      'Send serialize(model, NULL) or an .rds file of R, or a pickle, dill or joblib file of Python, whose package is installed on the server.',
  },
  API_PROPRIETARY_MODEL: {
    statusCode: 400,
    exceptionType: 'BadRequestException',
    cause:
      'The model was written by rxSerializeModel or rx_serialize_model, whose format only its maker can read.',
    remedy: 'Fit the model with R or scikit-learn and send it in their own binary form.',
  },
  API_UNAUTHENTICATED: {
    statusCode: 401,
    exceptionType: 'UnauthorizedException',
    cause:
      'The request has no bearer token, or one that is expired, revoked or not from this server.',
    remedy: 'Log in again and send the new access token.',
  },
  API_CREDENTIALS: {
    statusCode: 401,
    exceptionType: 'UnauthorizedException',
    cause: 'The user name or the password is wrong.',
    remedy: 'Check both; the server says where the password of admin is kept when it starts.',
  },
  API_REFRESH_TOKEN: {
    statusCode: 401,
    exceptionType: 'UnauthorizedException',
    cause: 'The refresh token is unknown, was used before, is expired or revoked.',
    remedy: 'Log in again.',
  },
  API_EXECUTION_TIME: {
    statusCode: 402,
    exceptionType: 'RequestFailedException',
    cause: 'The execution ran longer than the server lets one execution run, and was stopped.',
    remedy: 'Do less at once, or ask for a higher `max_execution_s` of the server.',
  },
  API_OPERATION_FAILED: {
    statusCode: 402,
    exceptionType: 'RequestFailedException',
    cause: 'The request was right, but the session could not do it.',
    remedy: 'Read the message: it tells what the language said.',
  },
  API_NOT_SERIALIZABLE: {
    statusCode: 402,
    exceptionType: 'RequestFailedException',
    cause: 'An object of the workspace cannot be written in binary form.',
    remedy: 'Delete the objects which the message names, or keep their content in plain values.',
  },
  API_FORBIDDEN: {
    statusCode: 403,
    exceptionType: 'ForbiddenException',
    cause: 'The user has no right to do this.',
    remedy: 'Ask an owner of the server for the role, or the publisher of the service.',
  },
  API_NO_ROLE: {
    statusCode: 403,
    exceptionType: 'ForbiddenException',
    cause: 'The server declares who reads, and this user has none of its roles.',
    remedy: 'Ask an owner of the server for a role: docs/server.md says how they are given.',
  },
  API_SERVICE_NOT_OWNED: {
    statusCode: 403,
    exceptionType: 'ForbiddenException',
    cause: 'The service belongs to another user.',
    remedy: 'Publish under another name, or ask its publisher.',
  },
  API_SERVICE_VERSION_EXISTS: {
    statusCode: 403,
    exceptionType: 'ForbiddenException',
    cause: 'This version of the service is published already. R Server answers 403 here.',
    remedy: 'Publish under another version, or change it with PATCH.',
  },
  API_ROUTE_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'The API has no such path.',
    remedy: 'Check the path and the base URL.',
  },
  API_SESSION_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'This user has no session of that id.',
    remedy: 'List the sessions, or create a new one.',
  },
  API_SNAPSHOT_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'This user has no snapshot of that id. Snapshots of others cannot be seen.',
    remedy: 'List the snapshots and use an id from there.',
  },
  API_FILE_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'The working directory has no file of that name.',
    remedy: 'List the files; names are case-sensitive and have no folders.',
  },
  API_OBJECT_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'The workspace has no object of that name.',
    remedy: 'List the workspace; names are case-sensitive.',
  },
  API_SERVICE_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'No service of that name and version is published.',
    remedy: 'List the services.',
  },
  API_EXECUTION_NOT_FOUND: {
    statusCode: 404,
    exceptionType: 'NotFoundException',
    cause: 'The service has no batch execution of that id, or no such item in it.',
    remedy: 'List the batch executions; items count from 0.',
  },
  API_METHOD_NOT_ALLOWED: {
    statusCode: 405,
    exceptionType: 'MethodNotAllowedException',
    cause: 'The path exists, but not with this method.',
    remedy: 'Compare the method with docs/rest-api.md.',
  },
  API_SERVICE_EXISTS: {
    statusCode: 409,
    exceptionType: 'ConflictException',
    cause: 'A service of that name and version is published already.',
    remedy: 'Publish under another name or version, or change it with PATCH.',
  },
  API_CONFLICT: {
    statusCode: 409,
    exceptionType: 'ConflictException',
    cause: 'The request conflicts with another one that is under way.',
    remedy: 'Wait for the other one to end, then try again.',
  },
  API_SESSION_GONE: {
    statusCode: 410,
    exceptionType: 'SessionGoneException',
    cause: 'The session existed, but its R or Python process has ended.',
    remedy: 'Create a new session, from a snapshot if there is one.',
  },
  API_TOO_LARGE: {
    statusCode: 413,
    exceptionType: 'PayloadTooLargeException',
    cause: 'The body is larger than the server accepts.',
    remedy: 'Send less at once, or raise the limit of the server.',
  },
  API_MEDIA_TYPE: {
    statusCode: 415,
    exceptionType: 'UnsupportedMediaTypeException',
    cause: 'The content type of the body is not the one this call takes.',
    remedy: 'Compare the content type with docs/rest-api.md.',
  },
  API_TOO_MANY_ATTEMPTS: {
    statusCode: 429,
    exceptionType: 'TooManyRequestsException',
    cause: 'Too many logins have failed, for this user or from this address.',
    remedy: 'Wait for the time that the header Retry-After names, in seconds, then log in.',
  },
  API_USER_SESSIONS: {
    statusCode: 429,
    exceptionType: 'TooManyRequestsException',
    cause: 'The user has as many sessions as the server allows each user.',
    remedy: 'Close sessions that are no longer needed, or ask for more `max_user_sessions`.',
  },
  API_USER_TIME: {
    statusCode: 429,
    exceptionType: 'TooManyRequestsException',
    cause: 'The executions of the user have run as long as the server allows each user in a day.',
    remedy:
      'Wait for the time that the header Retry-After names, in seconds, or ask for more `max_user_execution_s_per_day`.',
  },
  API_INTERNAL: {
    statusCode: 500,
    exceptionType: 'InternalServerErrorException',
    cause: 'A fault inside the server.',
    remedy: 'Look up the id of the message in the log of the server, and report it.',
  },
  API_BUSY: {
    statusCode: 503,
    exceptionType: 'BackEndBusyException',
    cause: 'Every R or Python process that the server may start is in use.',
    remedy: 'Close sessions that are no longer needed, or wait and try again.',
  },
  API_SESSIONS: {
    statusCode: 503,
    exceptionType: 'BackEndBusyException',
    cause: 'The server has as many sessions as it allows in all.',
    remedy: 'Wait and try again, or ask for more `max_sessions`.',
  },
  API_AUTHORITY_UNAVAILABLE: {
    statusCode: 503,
    exceptionType: 'ConfigurationException',
    cause: 'The LDAP directory or the OpenID provider, which says who users are, does not answer.',
    remedy:
      'Try again. If it stays, its address or certificate is wrong: see the log of the server.',
  },
  API_RUNTIME_UNAVAILABLE: {
    statusCode: 503,
    exceptionType: 'ConfigurationException',
    cause: 'The server cannot start R or Python.',
    remedy: 'Run rserver-kernel doctor on the machine of the server.',
  },
  API_SHUTTING_DOWN: {
    statusCode: 503,
    exceptionType: 'ServiceBusyException',
    cause: 'The server is about to end.',
    remedy: 'Try again when it has started anew.',
  },
} as const satisfies Record<string, ApiErrorCode>;

/** Name of a code, e.g. `API_SESSION_NOT_FOUND`. */
export type ApiErrorCodeName = keyof typeof API_ERROR_CODES;
