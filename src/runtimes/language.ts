// What process-runtime.ts must know of a language: how its program is started and how values cross over.
import type { NamedValue, RuntimeExecution, RuntimeType } from './runtime.js';

/** How a language's worker is started. */
export interface WorkerCommand {
  /** A program in PATH or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Lines of code, each run by itself. */
export interface Rehearsal {
  /** What copies of a process find done when the process has done it. */
  readonly parent: readonly string[];
  /** What each process does for itself. */
  readonly session: readonly string[];
}

export interface Language {
  readonly runtimeType: RuntimeType;
  readonly workerCommand: WorkerCommand;
  /** Added to the environment of processes that make copies of themselves for the calls of a service. */
  readonly serviceEnvironment: Readonly<Record<string, string>>;
  /** Code which a process that nobody waits for runs once, so that the first cell finds everything loaded and compiled. */
  readonly rehearsal: Rehearsal;
  /** Name of the workspace file in a snapshot folder. */
  readonly workspaceFileName: string;
  /** Whether reading a workspace opens again what was open for writing, which empties those files. */
  readonly reopensFiles: boolean;
  /**
   * Inputs and the names of outputs, as the worker takes them.
   * @throws {TypeError} When a value has no form in the language.
   */
  encodeParameters(execution: RuntimeExecution): Buffer;
  /** The values of outputs as the worker sends them. */
  decodeOutputs(bytes: Buffer): NamedValue[];
  /** Code that loads packages where they are installed, and leaves nothing in the workspace. */
  loadCode(packages: readonly string[]): string;
  /** A list of names, in either direction. */
  encodeNames(names: readonly string[]): Buffer;
  decodeNames(bytes: Buffer): string[];
}
