export { API_ERROR_CODES, type ApiErrorCode, type ApiErrorCodeName } from './error-codes.js';
export {
  CONSOLE_OUTPUT_BY_EVENTS,
  CONSOLE_OUTPUT_HEADER,
  EXECUTION_ID_HEADER,
  EXTENSION_NAMES,
  EXTENSIONS_HEADER,
  INPUT_BY_EVENTS,
  INPUT_HEADER,
  TAKEN_BY_INTERIM,
  TAKEN_HEADER,
  MAX_INPUT_LENGTH,
  MAX_STREAMED_EXECUTION_LENGTH,
  STREAM_TEXT_AS_BYTES,
  STREAM_TEXT_HEADER,
  parseExtensions,
  type ExecuteAnswer,
  type ExecuteMessage,
  type InputMessage,
  type ResumedEvent,
  type ResumeMessage,
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
