// What a magic is: how it is called, what its help says, and what it may touch when it runs.
import type { Display, ExecuteResult, InputRequester } from '../../jupyter/index.js';
import type { Companion } from '../companion.js';
import type { Configuration } from '../configuration.js';
import type { InputHistory } from '../history/input-history.js';
import type { KeptOutput } from '../kept/kept-output.js';
import type { Language } from '../language/languages.js';
import type { PendingSnapshots } from '../pending-snapshots.js';
import type { NamedValue } from '../remote-client.js';
import type { RemoteSession, WaitingCell } from '../remote-session.js';

/** One way to call a magic. */
export interface MagicUsage {
  /** After the name, e.g. `create NAME`; empty for the bare magic. */
  readonly call: string;
  readonly form: 'line' | 'cell';
  readonly help: string;
}

/** An option of a magic, written `--name` or `--name VALUE`. */
export interface MagicOption {
  readonly name: string;
  /** E.g. `NAME`; absent for an option without value. */
  readonly value?: string;
  readonly help: string;
}

/** One call of a magic in a cell. */
export interface MagicCall {
  readonly form: 'line' | 'cell';
  /** What follows the name on its line. */
  readonly argument: string;
  /** What follows the first line of a cell magic. */
  readonly body: string;
}

/** Values that go into and come out of the code of the cell; filled before any of it runs. */
export interface CellPlan {
  addInputs(values: readonly NamedValue[]): void;
  addOutputs(names: readonly string[]): void;
}

/** What a running magic may touch. */
export interface MagicContext {
  readonly language: Language;
  readonly session: RemoteSession;
  /** The session of the other language. */
  readonly companion: Companion;
  /** Those that are written while cells run. */
  readonly snapshots: PendingSnapshots;
  /** For the waits of {@link RemoteSession}: this cell. */
  readonly cell: WaitingCell;
  readonly input: InputRequester;
  readonly signal: AbortSignal;
  readonly history: InputHistory;
  readonly magics: MagicTable;
  /** What cells have shown, and what was left out of the last one whose output was cut. */
  readonly keptOutput: KeptOutput;
  readonly show: (display: Display) => void;
  /** Changes what was shown with this id. */
  readonly update: (display: Display & { readonly displayId: string }) => void;
  /**
   * Shows what a cell has shown, and follows it as long as it runs.
   *
   * @param executionCount - Absent: the last cell.
   * @throws {BridgeError} `BRIDGE_OUTPUT_NOT_KEPT`.
   */
  readonly showAgain: (executionCount: number | undefined) => Promise<void>;
  /** A line of text on stdout. */
  readonly print: (text: string) => void;
  readonly setConfiguration: (configuration: Configuration) => void;
  /** Runs code as a part of the cell, its own magics included. A failure is a result. */
  readonly runCode: (code: string) => Promise<ExecuteResult>;
  /** Runs code as a cell of the other language. A failure is a result. */
  readonly runInCompanion: (code: string) => Promise<ExecuteResult>;
}

/** A magic. Each lives in a file of its own and is listed in `registry.ts`. */
export interface Magic {
  /** Without percent signs. */
  readonly name: string;
  /** One line for `%lsmagic`. */
  readonly summary: string;
  readonly usages: readonly MagicUsage[];
  readonly options: readonly MagicOption[];
  /** Whole cells or lines, as they would be typed. */
  readonly examples: readonly string[];
  /** More help, in Markdown. */
  readonly details?: string;
  /** Its argument or body is code of the session, which may give the cell its value. */
  readonly runsCode?: true;
  /** It waits until snapshots that are still being written are made. */
  readonly awaitsSnapshots?: true;
  /** Whether a subshell may run it while a cell runs: it leaves the session alone. Default: it may not. */
  runsBeside?(argument: string): boolean;
  /**
   * Completions for the last word of an argument: local knowledge only, never the server's.
   *
   * @param words - The words before it.
   */
  complete?(
    words: readonly string[],
    context: Pick<MagicContext, 'session' | 'magics'>,
  ): readonly string[];
  /** For magics that say what goes into or out of the code: called for all of a cell before any of its code runs. */
  prepare?(call: MagicCall, plan: CellPlan): Promise<void>;
  /**
   * @returns The result of code it ran, when that failed; nothing otherwise.
   * @throws {AppError} what went wrong; becomes the error of the cell.
   */
  run?(call: MagicCall, context: MagicContext): Promise<ExecuteResult | undefined>;
}

/** The magics by name. */
export interface MagicTable {
  /** In the order of the documentation. */
  readonly all: readonly Magic[];
  find(name: string): Magic | undefined;
}
