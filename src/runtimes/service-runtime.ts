// The one interface of what answers the calls of a published service: warm state, a clean copy of it for every call.
import type { InputValue, NamedValue, RuntimeExit, RuntimeType } from './runtime.js';

/** What every call of a service begins with. */
export interface ServiceImage {
  readonly runtimeType: RuntimeType;
  /** A folder written by `Runtime.saveSnapshot`; only read. Absent: an empty workspace. */
  readonly snapshotDirectory?: string;
  /** Packages of R, modules of Python that calls will need; loaded first, where they are installed. */
  readonly packages?: readonly string[];
  /** Run once, after the snapshot is loaded; empty for none. */
  readonly initCode: string;
  /** Run by each call, after its inputs are assigned. */
  readonly code: string;
  /**
   * `copy`: no call sees what another one did. `resident`: calls share one workspace, one after the other, for code
   * that leaves nothing behind (scoring a model). Default `copy`.
   */
  readonly isolation?: 'copy' | 'resident';
}

/** How a service is run. */
export interface ServiceRuntimeOptions {
  /** Most calls that run at a time; further ones wait in order. Default 16; with `resident` always 1. */
  readonly maxCallCount?: number;
  /** Copies kept waiting for calls, at most `maxCallCount`. Default 2. */
  readonly spareCount?: number;
}

/** One call. */
export interface ServiceCall {
  readonly inputParameters: readonly InputValue[];
  readonly outputParameters: readonly string[];
  /** Names of files of the working directory whose content is wanted, whether the call made them or the snapshot. */
  readonly artifacts?: readonly string[];
  /** An empty folder of the server into which the files that the call made or changed are moved. */
  readonly filesDirectory?: string;
  /** Ends the call; it then throws `RUNTIME_CALL_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Running longer, the call is ended and throws `RUNTIME_CALL_TIMEOUT`; in milliseconds, default no limit. */
  readonly timeoutMs?: number;
}

/** A file that a call was asked for. */
export interface ServiceArtifact {
  readonly name: string;
  readonly content: Buffer;
}

/** How a call ended. A failing program is a value. */
export interface ServiceCallResult {
  readonly success: boolean;
  /** Empty when it succeeded. */
  readonly errorMessage: string;
  /** stdout and stderr in the order in which the program wrote them. */
  readonly consoleOutput: string;
  readonly outputParameters: readonly NamedValue[];
  /** Names of working-directory files which the call made or changed, sorted. */
  readonly changedFiles: readonly string[];
  /** In the order of `ServiceCall.artifacts`; files that are not there are left out. */
  readonly artifacts: readonly ServiceArtifact[];
}

/** Warm state of one service. Calls may come at once. */
export interface ServiceRuntime {
  /** Settles when the warm state is gone, however that came; never rejects. */
  readonly exited: Promise<RuntimeExit>;
  /**
   * @throws {RuntimeProcessError} `RUNTIME_EXITED`, `RUNTIME_CALL_ABORTED`, `RUNTIME_CALL_TIMEOUT`,
   *   `RUNTIME_CALL_CRASHED` when the process of this one call ended in the middle; other calls are not touched.
   */
  call(call: ServiceCall): Promise<ServiceCallResult>;
  /** Lets the calls under way end, then ends everything. Twice is harmless. */
  close(): Promise<void>;
  /** Ends everything now; calls under way throw. */
  destroy(): void;
}
