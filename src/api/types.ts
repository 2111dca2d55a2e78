// Names for the generated types, so that nobody has to write `components['schemas'][…]`.
import type { components } from './generated/schema.js';

type Schemas = components['schemas'];

export type LoginRequest = Schemas['LoginRequest'];
export type RenewTokenRequest = Schemas['RenewTokenRequest'];
export type AccessTokenResponse = Schemas['AccessTokenResponse'];
export type Session = Schemas['Session'];
export type CreateSessionRequest = Schemas['CreateSessionRequest'];
export type CreateSessionResponse = Schemas['CreateSessionResponse'];
export type ExecuteRequest = Schemas['ExecuteRequest'];
export type ExecuteResponse = Schemas['ExecuteResponse'];
export type ConsoleOutputResponse = Schemas['ConsoleOutputResponse'];
export type Snapshot = Schemas['Snapshot'];
export type CreateSnapshotRequest = Schemas['CreateSnapshotRequest'];
export type CreateSnapshotResponse = Schemas['CreateSnapshotResponse'];
export type ParameterDefinition = Schemas['ParameterDefinition'];
export type PublishWebServiceRequest = Schemas['PublishWebServiceRequest'];
export type PatchWebServiceRequest = Schemas['PatchWebServiceRequest'];
export type WebService = Schemas['WebService'];
export type WebServiceParameters = Schemas['WebServiceParameters'];
export type WebServiceResult = Schemas['WebServiceResult'];
export type StartBatchExecutionResponse = Schemas['StartBatchExecutionResponse'];
export type BatchWebServiceResult = Schemas['BatchWebServiceResult'];
export type SwaggerJsonResponse = Schemas['SwaggerJsonResponse'];
export type CreateOrUpdateServicePoolRequest = Schemas['CreateOrUpdateServicePoolRequest'];
export type ServicePoolStatusResponse = Schemas['ServicePoolStatusResponse'];
export type UpdateComputeNodesRequest = Schemas['UpdateComputeNodesRequest'];
export type GetComputeNodesResponse = Schemas['GetComputeNodesResponse'];
export type StatusResponse = Schemas['StatusResponse'];
/** Failing answer of the core API; `ApiError` would be the class of the server. */
export type ErrorResponse = Schemas['Error'];
/** Failing answer under `/api/`. */
export type ServiceErrorResponse = Schemas['ServiceError'];
/** `R` or `Python`, as a session knows it. */
export type SessionRuntimeType = NonNullable<Session['runtimeType']>;
