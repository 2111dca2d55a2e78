// The part of the REST client that the bridge uses, so that tests can stand in for a server.
// `RServerClient` of client/ fits it as it is.
import type { Readable } from 'node:stream';
import type { InputMessage, SessionEvent } from '../api/index.js';
import type { EventStream, RServerClient } from '../client/index.js';

/** Ends a call early. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A value by name, in the JSON encoding of `docs/data-types.md`. */
export interface NamedValue {
  readonly name: string;
  readonly value: unknown;
}

/** @see swagger 9.1 `ExecuteRequest`; `source` is an extension */
export interface RemoteExecuteRequest {
  readonly code: string;
  readonly inputParameters?: readonly NamedValue[];
  readonly outputParameters?: readonly string[];
  /** What the person typed, for the history of the session. Only where the server offers `source`. */
  readonly source?: string;
}

/** @see swagger 9.1 `ExecuteResponse` */
export interface RemoteExecuteAnswer {
  readonly success: boolean;
  readonly errorMessage: string;
  readonly outputParameters: readonly NamedValue[];
  readonly consoleOutput: string;
  readonly changedFiles: readonly string[];
}

/** @see swagger 9.1 `Session` */
export interface RemoteSessionEntry {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly runtimeType: 'R' | 'Python';
}

/** @see swagger 9.1 `Snapshot` */
export interface RemoteSnapshotEntry {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly creationTime: string;
  /** Bytes of its zip file. */
  readonly contentSize: number;
}

/** An open event stream. */
export interface RemoteEventStream extends Pick<EventStream, 'isOpen' | 'execute'> {
  onEvent(listener: (event: SessionEvent) => void): void;
  /** Lost when the stream has ended. */
  send(message: InputMessage): void;
  /** No events until `resume`, apart from those that are on their way already. */
  pause(): void;
  resume(): void;
  /** Settles when the stream has ended, for whatever reason; never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** What the bridge asks of a logged-in client. Failures are `ClientError`s. */
export interface RemoteClient {
  readonly url: string;
  readonly username: string | undefined;
  /** Names of the extensions which the server offers and the settings allow. */
  readonly extensions: ReadonlySet<string>;
  readonly sessions: {
    /** @returns The id of the new session. */
    create(
      request: {
        readonly name?: string;
        readonly runtimeType?: 'R' | 'Python';
        readonly snapshotId?: string;
      },
      options?: CallOptions,
    ): Promise<string>;
    list(options?: CallOptions): Promise<readonly RemoteSessionEntry[]>;
    execute(
      id: string,
      request: RemoteExecuteRequest,
      options?: CallOptions & {
        readonly executionId?: string;
        readonly consoleByEvents?: boolean;
        readonly inputByEvents?: boolean;
        /** Carries the execution, where the server lets it. */
        readonly stream?: RemoteEventStream;
        /** 0: no limit of the client's own; the bridge keeps the limit of a cell. */
        readonly timeoutMs?: number;
      },
    ): Promise<RemoteExecuteAnswer>;
    cancel(id: string, options?: CallOptions): Promise<unknown>;
    close(id: string, options?: CallOptions): Promise<unknown>;
    closeByForce(id: string, options?: CallOptions): Promise<unknown>;
    consoleOutput(id: string, options?: CallOptions): Promise<string>;
    history(id: string, options?: CallOptions): Promise<readonly string[]>;
    /** @returns The id of the new snapshot. */
    createSnapshot(
      id: string,
      request: { readonly name?: string },
      options?: CallOptions & { readonly onTaken?: () => void },
    ): Promise<string>;
    loadSnapshot(id: string, snapshotId: string, options?: CallOptions): Promise<unknown>;
  };
  readonly files: {
    upload(
      sessionId: string,
      name: string,
      content: Buffer | Readable,
      options?: CallOptions,
    ): Promise<unknown>;
    list(sessionId: string, options?: CallOptions): Promise<readonly string[]>;
    get(sessionId: string, name: string, options?: CallOptions): Promise<Readable>;
    delete(sessionId: string, name: string, options?: CallOptions): Promise<unknown>;
  };
  readonly workspace: {
    list(sessionId: string, options?: CallOptions): Promise<readonly string[]>;
    delete(sessionId: string, name: string, options?: CallOptions): Promise<unknown>;
    /** In the binary form of its language. */
    get(sessionId: string, name: string, options?: CallOptions): Promise<Buffer>;
  };
  readonly services: Pick<
    RServerClient['services'],
    'list' | 'listVersions' | 'publish' | 'update' | 'delete'
  >;
  readonly realtimeServices: Pick<RServerClient['realtimeServices'], 'publish' | 'update'>;
  readonly webService: Pick<
    RServerClient['webService'],
    'swagger' | 'consume' | 'startBatch' | 'batchStatus' | 'cancelBatch'
  >;
  readonly snapshots: {
    list(options?: CallOptions): Promise<readonly RemoteSnapshotEntry[]>;
    get(id: string, options?: CallOptions): Promise<Readable>;
    delete(id: string, options?: CallOptions): Promise<unknown>;
  };
  events(sessionId: string, options?: CallOptions): Promise<RemoteEventStream>;
  /** Waits for the calls under way, then closes every connection. */
  close(): Promise<unknown>;
  /** Closes every connection now; calls under way fail. */
  destroy(): Promise<unknown>;
}
