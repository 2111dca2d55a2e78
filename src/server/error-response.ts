// Turns whatever was thrown into an answer. The only place of the server that does so.
import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { operations, type ErrorResponse, type ServiceErrorResponse } from '../api/index.js';
import { isAbortError, messageOf, type Logger } from '../base/index.js';
import { RuntimeProcessError } from '../runtimes/index.js';
import { ApiError } from './errors.js';

/** When every runtime is in use, a client may ask again after this time. */
const BUSY_RETRY_AFTER_SECONDS = 5;

/** The handler for everything that a route throws. */
export function createErrorHandler(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const apiError = toApiError(error, logger, { method: request.method, path: request.url });
    sendError(apiError, request, reply);
  };
}

/** The handler for paths outside the contract, and for methods that a path does not have. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = methodsOf(path);
  if (methods.length > 0) reply.header('allow', methods.join(', '));
  const error =
    methods.length > 0
      ? new ApiError('API_METHOD_NOT_ALLOWED', `${path} does not take ${request.method}.`)
      : new ApiError('API_ROUTE_NOT_FOUND', `The API has no path ${path}.`);
  sendError(error, request, reply);
}

/**
 * The error as the client may see it.
 *
 * @param request - Facts for the log line of an unexpected error.
 * @returns `API_INTERNAL` with nothing but a correlation id for anything that is not meant for clients.
 */
export function toApiError(
  error: unknown,
  logger: Logger,
  request: { readonly method: string; readonly path: string },
): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RuntimeProcessError) return runtimeApiError(error);
  if (isFrameworkError(error)) return frameworkApiError(error);
  if (isMalformedForm(error)) {
    return new ApiError('API_BAD_REQUEST', `The form cannot be read: ${error.message}.`, {
      cause: error,
    });
  }
  const correlationId = randomUUID();
  const facts = { ...request, correlationId, error: messageOf(error) };
  if (isAbortError(error)) logger.debug(facts, 'the client of a queued request went away');
  else logger.error({ ...facts, err: error }, 'a request failed');
  return new ApiError('API_INTERNAL', `Internal error ${correlationId}.`, { cause: error });
}

/** The body of a failing answer of the core API. */
export function errorBody(error: ApiError): ErrorResponse {
  return {
    message: error.message,
    link: '',
    exceptionType: error.exceptionType,
    code: error.code,
  };
}

function sendError(error: ApiError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
  if (error.statusCode === 401) reply.header('www-authenticate', 'Bearer');
  request.errorCode = error.code;
  const { config } = request.routeOptions;
  const body =
    config.isService === true
      ? ({
          code: error.statusCode,
          message: error.message,
          fields: error.fields,
        } satisfies ServiceErrorResponse)
      : errorBody(error);
  reply.code(error.statusCode).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function runtimeApiError(error: RuntimeProcessError): ApiError {
  const options = { cause: error };
  switch (error.code) {
    case 'RUNTIME_POOL_FULL':
      return new ApiError('API_BUSY', error.message, {
        ...options,
        retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS,
      });
    case 'RUNTIME_SPAWN':
    case 'RUNTIME_ISOLATION':
      return new ApiError('API_RUNTIME_UNAVAILABLE', error.message, options);
    case 'RUNTIME_EXITED':
    case 'RUNTIME_GARBLED':
      return new ApiError('API_SESSION_GONE', error.message, options);
    case 'RUNTIME_BUSY':
      return new ApiError('API_CONFLICT', error.message, options);
    case 'RUNTIME_OBJECT_NOT_FOUND':
      return new ApiError('API_OBJECT_NOT_FOUND', error.message, options);
    case 'RUNTIME_OBJECT_NOT_SERIALIZABLE':
      return new ApiError('API_NOT_SERIALIZABLE', error.message, options);
    case 'RUNTIME_OBJECT_BAD_BYTES':
      return new ApiError('API_BAD_OBJECT_BYTES', error.message, options);
    case 'RUNTIME_FILE_NOT_FOUND':
      return new ApiError('API_FILE_NOT_FOUND', error.message, options);
    case 'RUNTIME_FILE_NAME_BAD':
      return new ApiError('API_BAD_FILE_NAME', error.message, options);
    case 'RUNTIME_SNAPSHOT_BAD':
    case 'RUNTIME_SNAPSHOT_CUT':
    case 'RUNTIME_FILE_CHANGED':
    case 'RUNTIME_SERVICE_INIT':
    case 'RUNTIME_CALL_ABORTED':
    case 'RUNTIME_CALL_TIMEOUT':
    case 'RUNTIME_CALL_CRASHED':
      return new ApiError('API_OPERATION_FAILED', error.message, options);
  }
}

function isFrameworkError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode >= 400 &&
    error.statusCode < 500
  );
}

/** What the reader of multipart bodies says; its errors have nothing but these words. */
const MALFORMED_FORM =
  /^(Multipart: Boundary not found|(\w+ terminated early due to u|U)nexpected end of multipart data|The needle cannot .*)$/;

function isMalformedForm(error: unknown): error is Error {
  return error instanceof Error && MALFORMED_FORM.test(error.message);
}

/** What the web framework says of a request that it refuses: its words are about the request, so they may be shown. */
function frameworkApiError(error: FastifyError): ApiError {
  switch (error.statusCode ?? 400) {
    case 413:
      return new ApiError('API_TOO_LARGE', error.message, { cause: error });
    case 406:
    case 415:
      return new ApiError('API_MEDIA_TYPE', error.message, { cause: error });
    default:
      return new ApiError('API_BAD_REQUEST', error.message, { cause: error });
  }
}

function methodsOf(path: string): string[] {
  return Object.values(operations)
    .filter((operation) => pathPattern(operation.path).test(path))
    .map((operation) => operation.method);
}

function pathPattern(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${escaped}/?$`);
}
