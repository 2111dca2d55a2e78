// Batches of calls of one service: start from pasted inputs, progress, results, stop.
import type { BatchWebServiceResult, StartBatchExecutionResponse } from '../../api/index.js';
import { pathOf, type Api } from './api.js';
import { button, confirm, make, notify, onSubmit, wordsOf } from './dom.js';
import { resultView } from './result.js';
import { batchItemsOf, type Input } from './values.js';

const POLL_MS = 1000;
const MAX_SHOWN_RESULTS = 200;

/**
 * @param path - Of the service's calls, relative to the page.
 * @param isCurrent - False once the reader has gone elsewhere: nobody looks at the progress any more.
 */
export function batchView(
  api: Api,
  path: string,
  inputs: readonly Input[],
  isCurrent: () => boolean,
): HTMLElement {
  const root = `${path}/batch`;
  const text = make('textarea', {
    name: 'items',
    rows: '5',
    spellcheck: 'false',
    placeholder: exampleOf(inputs),
  });
  const parallel = make('input', {
    name: 'parallelCount',
    type: 'number',
    min: '1',
    value: '10',
    required: true,
    class: 'short',
  });
  const problem = make('p', { class: 'bad', role: 'alert' });
  const runs = make('div', { class: 'runs' });
  const watch = (id: string): void => {
    runs.prepend(runView(api, root, id, isCurrent));
  };
  const form = make(
    'form',
    { 'aria-label': 'Batch' },
    make('label', {}, 'Inputs, as JSON or CSV', text),
    make('label', {}, 'Calls at a time', parallel),
    problem,
    make('button', { type: 'submit', class: 'primary' }, 'Start batch'),
  );
  onSubmit(form, async () => {
    problem.textContent = '';
    try {
      const items = batchItemsOf(inputs, text.value);
      const query = `?parallelCount=${encodeURIComponent(parallel.value)}`;
      const { batchExecutionId = '' } = await api.post<StartBatchExecutionResponse>(
        root + query,
        items,
      );
      watch(batchExecutionId);
    } catch (error) {
      problem.textContent = wordsOf(error);
    }
  });
  void api.get<string[]>(root).then(
    (ids) => {
      ids.forEach(watch);
    },
    (error: unknown) => {
      problem.textContent = wordsOf(error);
    },
  );
  return make('section', { class: 'card' }, make('h2', {}, 'Batch'), form, runs);
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  boolean: true,
  string: 'text',
  array: [1, 2],
  object: { column: [1, 2] },
};

/** CSV for plain values; lists and tables are easier to write as JSON. */
function exampleOf(inputs: readonly Input[]): string {
  const item = inputs.map(({ name, type }) => [name, EXAMPLES[type ?? ''] ?? 1] as const);
  if (item.some(([, value]) => typeof value === 'object')) {
    return JSON.stringify([Object.fromEntries(item)]);
  }
  const lines = [item.map(([name]) => name), item.map(([, value]) => JSON.stringify(value))];
  return lines.map((cells) => cells.join(',')).join('\n');
}

function runView(api: Api, root: string, id: string, isCurrent: () => boolean): HTMLElement {
  const bar = make('progress', { 'aria-label': `Progress of batch ${id}` });
  const state = make('span', { role: 'status' }, 'waiting');
  const results = make('ol', { class: 'results' });
  const path = `${root}/${pathOf(id)}`;
  const view = make('article', { class: 'run' });
  const remove = async (): Promise<void> => {
    if (!(await confirm(`Stop and delete batch ${id}? Its results are lost.`, 'Delete batch')))
      return;
    await api.delete(path);
    view.remove();
    notify('The batch is deleted.');
  };
  view.append(
    make(
      'div',
      { class: 'row' },
      state,
      button('Delete', remove, { class: 'quiet danger', 'aria-label': `Delete batch ${id}` }),
    ),
    bar,
    make('code', {}, id),
    make('details', {}, make('summary', {}, 'Results'), results),
  );
  const poll = async (): Promise<void> => {
    try {
      const batch = await api.get<BatchWebServiceResult>(`${path}?showPartialResults=true`);
      showProgress(batch, bar, state);
      showResults(batch, results);
      if (isOver(batch) || !isCurrent() || !view.isConnected) return;
      setTimeout(() => void poll(), POLL_MS);
    } catch (error) {
      state.textContent = wordsOf(error);
    }
  };
  setTimeout(() => void poll());
  return view;
}

/** Servers capitalise the states as they like. */
function isOver({ state }: BatchWebServiceResult): boolean {
  return /^(complete|failed)$/i.test(state ?? '');
}

function showProgress(
  batch: BatchWebServiceResult,
  bar: HTMLProgressElement,
  state: HTMLElement,
): void {
  const { completedItemCount: done = 0, totalItemCount: total = 0 } = batch;
  bar.max = Math.max(total, 1);
  bar.value = done;
  const failed = (batch.batchExecutionResults ?? []).filter(({ success }) => success === false);
  const failures = failed.length === 0 ? '' : `, ${failed.length} failed`;
  state.textContent = `${batch.state ?? ''}: ${done} of ${total}${failures}`;
}

/** Items come in their own order; an open one stays open. */
function showResults({ batchExecutionResults = [] }: BatchWebServiceResult, list: HTMLElement) {
  const isOpen = [...list.children].map((item) => item.querySelector('details')?.open === true);
  const items = batchExecutionResults.slice(0, MAX_SHOWN_RESULTS).map((result, index) => {
    const outputs = JSON.stringify(result.outputParameters ?? {});
    const summary = result.success === false ? (result.errorMessage ?? 'failed') : outputs;
    const kind = result.success === false ? 'bad' : undefined;
    return make(
      'li',
      {},
      make(
        'details',
        { open: isOpen[index] === true },
        make('summary', { class: kind }, summary.slice(0, 200)),
        resultView(result),
      ),
    );
  });
  const rest = batchExecutionResults.length - items.length;
  list.replaceChildren(...items, ...(rest > 0 ? [make('li', {}, `and ${rest} more`)] : []));
}
