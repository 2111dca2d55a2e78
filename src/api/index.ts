export { API_ERROR_CODES, type ApiErrorCode, type ApiErrorCodeName } from './error-codes.js';
export {
  CONSOLE_OUTPUT_BY_EVENTS,
  CONSOLE_OUTPUT_HEADER,
  EXECUTION_ID_HEADER,
  EXTENSION_NAMES,
  EXTENSIONS_HEADER,
  parseExtensions,
  type SessionEvent,
} from './extensions.js';
export type {
  ExtensionName,
  OpenApiDocument,
  Operation,
  Parameter,
  PathItem,
  ResponseSpec,
  Schema,
  Since,
} from './document.js';
export { openApiDocument } from './openapi.js';
export {
  operations,
  type JsonSchema,
  type OperationDescription,
  type OperationId,
} from './operations.js';
export type * from './types.js';
