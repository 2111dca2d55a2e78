// One version of a service: what it takes and gives, the form to try it, its batches.
import type { WebService } from '../../api/index.js';
import { pathOf, type Api } from './api.js';
import { button, confirm, make, notify, saveAs, table } from './dom.js';
import { batchView } from './batch.js';
import { tryItView } from './try-it.js';
import { inputsOf } from './values.js';
import { timeOf } from './words.js';

/** @param isCurrent - False once the reader has gone elsewhere. */
export async function serviceView(
  api: Api,
  name: string,
  version: string,
  isCurrent: () => boolean,
): Promise<readonly Node[]> {
  const path = pathOf('api', name, version);
  const [found, swagger] = await Promise.all([
    api.get<WebService[] | WebService>(pathOf('services', name, version)),
    api.get<unknown>(`${path}/swagger.json`),
  ]);
  const service = Array.isArray(found) ? found[0] : found;
  if (service === undefined) throw new Error(`There is no service ${name}, version ${version}.`);
  const inputs = inputsOf(swagger);
  return [
    make('a', { href: '#services', class: 'back' }, '← Services'),
    make(
      'div',
      { class: 'title' },
      make('h1', {}, name, ' ', make('span', { class: 'tag' }, version)),
      button(
        'swagger.json',
        () => {
          const content = JSON.stringify(swagger, null, 2);
          saveAs(new Blob([content], { type: 'application/json' }), `${name}-${version}.json`);
        },
        { class: 'quiet', 'aria-label': 'Download swagger.json' },
      ),
      service.myPermissionOnService === 'read only' ? undefined : deleteButton(api, service),
    ),
    ...about(service),
    make(
      'div',
      { class: 'columns' },
      tryItView(api, path, inputs),
      batchView(api, path, inputs, isCurrent),
    ),
  ];
}

function about(service: WebService): readonly Node[] {
  const facts = [
    service.runtimeType ?? '',
    `published by ${service.versionPublishedBy ?? service.owner ?? 'someone'}`,
    timeOf(service.creationTime),
  ].filter((text) => text !== '');
  const parameters = [
    ...(service.inputParameterDefinitions ?? []).map(({ name, type }) => ['input', name, type]),
    ...(service.outputParameterDefinitions ?? []).map(({ name, type }) => ['output', name, type]),
    ...(service.outputFileNames ?? []).map((name) => ['file', name, '']),
  ];
  const { code, initCode, description = '' } = service;
  return [
    make('p', { class: 'muted' }, facts.join(' · ')),
    ...(description === '' ? [] : [make('p', {}, description)]),
    ...(parameters.length === 0
      ? []
      : [table('Parameters', ['Kind', 'Name', 'Type'], parameters, { class: 'compact' })]),
    ...source('Code', code),
    ...source('Code that runs once, before the calls', initCode),
  ];
}

function source(title: string, code: string | null | undefined): readonly Node[] {
  if (code === undefined || code === null || code === '') return [];
  const text = make('pre', { tabindex: '0', 'aria-label': title }, code);
  return [make('details', {}, make('summary', {}, title), text)];
}

function deleteButton(api: Api, { name, version }: WebService): HTMLElement {
  const remove = async (): Promise<void> => {
    const question = `Delete service ${name}, version ${version}? Its callers get an error from then on.`;
    if (!(await confirm(question, 'Delete service'))) return;
    await api.delete(pathOf('services', name, version));
    notify(`Service ${name}, version ${version} is deleted.`);
    location.hash = '#services';
  };
  return button('Delete', remove, { class: 'quiet danger', 'aria-label': 'Delete this version' });
}
