// The output of a cell whose front end has somebody who looks on: kept within a limit, and recorded to be shown again.
import type { ExecuteOutput, ExecuteRequest, ExecuteResult } from '../jupyter/index.js';
import type { KeptOutput } from './kept/kept-output.js';
import { RecordingOutput } from './kept/recording-output.js';
import { OutputLimit } from './output-limit.js';

/** Where the cell shows what it shows, and what to call when it is over. */
export interface WatchedOutput {
  readonly output: ExecuteOutput;
  /** @param result - Absent when it came to none. */
  readonly end: (result: ExecuteResult | undefined) => void;
}

/**
 * Watches the output of one cell.
 *
 * @param maxBytes - 0: no limit.
 */
export function watchOutput(
  output: ExecuteOutput,
  request: ExecuteRequest,
  kept: KeptOutput,
  maxBytes: number,
): WatchedOutput {
  const recording = isNumbered(request)
    ? new RecordingOutput(output, kept.cells, request.executionCount)
    : undefined;
  const within = recording ?? output;
  const limit = maxBytes > 0 ? new OutputLimit(within, maxBytes, kept) : undefined;
  return {
    output: limit ?? within,
    end: (result) => {
      limit?.end();
      recording?.end(result);
    },
  };
}

/** A cell with a number that a person sees; subshells count their own. */
function isNumbered({ silent, storeHistory, subshellId }: ExecuteRequest): boolean {
  return storeHistory && !silent && subshellId === undefined;
}
