// The form that calls a service, made from its Swagger file, and the curl line of the same call.
import type { WebServiceResult } from '../../api/index.js';
import type { Api } from './api.js';
import { button, copy, make, onSubmit, wordsOf } from './dom.js';
import { resultView } from './result.js';
import { curlLine, valueOf, type Input } from './values.js';

const HINTS: Readonly<Record<string, string>> = {
  array: '1, 2, 3',
  object: '{"column": [1, 2]}',
};

/** @param path - Of the call, relative to the page. */
export function tryItView(api: Api, path: string, inputs: readonly Input[]): HTMLElement {
  const fields = inputs.map((input) => ({ input, field: fieldFor(input) }));
  const answer = make('div', { 'aria-live': 'polite' });
  const curl = make('pre', { tabindex: '0', 'aria-label': 'curl line' });
  const readBody = (): Record<string, unknown> =>
    Object.fromEntries(
      fields.flatMap(({ input, field }) => {
        const value = valueOf(input, field.value);
        return value === undefined ? [] : [[input.name, value]];
      }),
    );
  const showCurl = (): void => {
    try {
      curl.textContent = curlLine(new URL(path, document.baseURI).href, readBody());
    } catch (error) {
      curl.textContent = wordsOf(error);
    }
  };
  const form = make(
    'form',
    { 'aria-label': 'Try it' },
    inputs.length === 0 ? make('p', { class: 'muted' }, 'This service has no inputs.') : undefined,
    ...fields.map(({ input, field }) =>
      make('label', {}, input.name, ' ', make('small', {}, input.declared), field),
    ),
    make('button', { type: 'submit', class: 'primary' }, 'Call the service'),
  );
  form.addEventListener('input', showCurl);
  onSubmit(form, async () => {
    answer.replaceChildren(make('p', { class: 'muted' }, 'Calling…'));
    answer.replaceChildren(await call(api, path, readBody));
  });
  showCurl();
  return make(
    'section',
    { class: 'card' },
    make('h2', {}, 'Try it'),
    form,
    answer,
    make(
      'details',
      {},
      make('summary', {}, 'The same call with curl'),
      curl,
      button('Copy', () => copy(curl), { class: 'quiet', 'aria-label': 'Copy the curl line' }),
    ),
  );
}

async function call(
  api: Api,
  path: string,
  readBody: () => Record<string, unknown>,
): Promise<HTMLElement> {
  try {
    const body = readBody();
    const startedAtMs = performance.now();
    const result = await api.post<WebServiceResult>(path, body);
    return resultView(result, performance.now() - startedAtMs);
  } catch (error) {
    return make('p', { class: 'bad', role: 'alert' }, wordsOf(error));
  }
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** An empty field leaves the input out. */
function fieldFor({ name, type }: Input): Field {
  const attributes = { name, autocomplete: 'off', spellcheck: 'false' };
  switch (type) {
    case 'boolean':
      return make(
        'select',
        { name },
        make('option', { value: '' }, 'not given'),
        make('option', {}, 'true'),
        make('option', {}, 'false'),
      );
    case 'number':
    case 'integer':
      return make('input', { ...attributes, inputmode: 'decimal' });
    case 'string':
      return make('input', attributes);
    case undefined:
    default:
      return make('textarea', {
        ...attributes,
        rows: type === 'array' ? '2' : '4',
        placeholder: HINTS[type ?? ''] ?? 'JSON or text',
      });
  }
}
