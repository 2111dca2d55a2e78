// How far a batch is, as the API tells it: in pieces, because the results of a batch may be larger than memory.
import type { BatchWebServiceResult } from '../../api/index.js';
import type { BatchRecord, BatchState } from '../store/batch-executions.js';
import type { BatchResults } from './batch-folder.js';

/** As live servers spell them; the list in the documents begins them with small letters. See rserver-api section 11, no. 7. */
const STATE_NAMES: Readonly<Record<BatchState, string>> = {
  pending: 'Pending',
  inProgress: 'InProgress',
  complete: 'Complete',
  failed: 'Failed',
};

/**
 * The JSON text of a `BatchWebServiceResult`.
 *
 * @param openResults - Called when the text is wanted.
 * @param showPartialResults - Whether results are told of before all items have one.
 */
export async function* reportOf(
  batch: BatchRecord,
  openResults: () => Promise<BatchResults>,
  showPartialResults: boolean,
): AsyncGenerator<Buffer | string> {
  const results = await openResults();
  try {
    const progress: BatchWebServiceResult = {
      state: STATE_NAMES[batch.state],
      completedItemCount: results.count,
      totalItemCount: batch.itemCount,
    };
    yield `${JSON.stringify(progress).slice(0, -1)},"batchExecutionResults":[`;
    const isFinished = batch.state === 'complete' || batch.state === 'failed';
    if (isFinished || showPartialResults) {
      let separator = '';
      for await (const result of results.read()) {
        if (separator !== '') yield separator;
        yield result;
        separator = ',';
      }
    }
    yield ']}';
  } finally {
    await results.close();
  }
}
