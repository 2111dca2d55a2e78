// All published services, one line for each, with its versions.
import type { WebService } from '../../api/index.js';
import { pathOf, type Api } from './api.js';
import { button, make } from './dom.js';

export async function servicesView(
  api: Api,
  refresh: () => Promise<void>,
): Promise<readonly Node[]> {
  const services = await api.get<WebService[]>('services');
  const title = make(
    'div',
    { class: 'title' },
    make('h1', {}, 'Services'),
    button('Refresh', refresh, { class: 'quiet' }),
  );
  if (services.length === 0) {
    const text = 'No service is published. In a notebook, %%publish NAME publishes a cell.';
    return [title, make('p', { class: 'empty' }, text)];
  }
  const groups = new Map<string, WebService[]>();
  for (const service of services) {
    groups.set(service.name, [...(groups.get(service.name) ?? []), service]);
  }
  const names = [...groups.keys()].sort((one, other) => one.localeCompare(other));
  return [
    title,
    make('ul', { class: 'services' }, ...names.map((name) => line(name, groups.get(name) ?? []))),
  ];
}

function line(name: string, versions: readonly WebService[]): HTMLElement {
  const latest = versions.at(-1);
  return make(
    'li',
    { class: 'card' },
    make(
      'div',
      {},
      make('h2', {}, name, ' ', make('span', { class: 'tag' }, latest?.runtimeType ?? '')),
      make('p', { class: 'muted' }, latest?.description ?? ''),
    ),
    make(
      'div',
      { class: 'row' },
      ...versions.map(({ version }) =>
        make(
          'a',
          {
            href: `#${pathOf('services', name, version)}`,
            class: 'version',
            'aria-label': `${name}, version ${version}`,
          },
          version,
        ),
      ),
    ),
  );
}
