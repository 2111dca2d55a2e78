export { RServerClient } from './client.js';
export { CLIENT_ERROR_CODES, ClientError, isClientError, type ClientErrorCode } from './errors.js';
export type { EventStream } from './event-stream.js';
export type {
  CallOptions,
  ClientAuth,
  ClientOptions,
  ClientTimeouts,
  ClientTls,
  SecretSource,
} from './options.js';
export type { RealtimeService } from './realtime-services.js';
export type { ServicePoolStatus, WebServiceInfo } from './services.js';
export type {
  ExecuteOptions,
  Execution,
  ExecutionResult,
  NamedValue,
  SessionInfo,
} from './sessions.js';
export type { SnapshotInfo } from './snapshots.js';
export type { StatusReport } from './status.js';
export type { BatchState, BatchStatus, ConsumeResult, ServiceInputs } from './web-service.js';
export type { InputMessage, SessionEvent } from '../api/index.js';
