// The user's snapshots: download and delete.
import type { Snapshot } from '../../api/index.js';
import { pathOf, type Api } from './api.js';
import { button, confirm, make, notify, saveAs, table } from './dom.js';
import { sizeOf, timeOf } from './words.js';

export async function snapshotsView(
  api: Api,
  refresh: () => Promise<void>,
): Promise<readonly Node[]> {
  const snapshots = await api.get<Snapshot[]>('snapshots');
  const title = make(
    'div',
    { class: 'title' },
    make('h1', {}, 'Snapshots'),
    button('Refresh', refresh, { class: 'quiet' }),
  );
  if (snapshots.length === 0) {
    const text = 'You have no snapshots. In a notebook, %snapshot create NAME makes one.';
    return [title, make('p', { class: 'empty' }, text)];
  }
  const rows = snapshots.map((snapshot) => [
    snapshot.name ?? snapshot.id ?? '',
    timeOf(snapshot.creationTime),
    sizeOf(snapshot.contentSize),
    actions(api, snapshot, refresh),
  ]);
  return [title, table('Your snapshots', ['Name', 'Made', 'Size', ''], rows)];
}

function actions(api: Api, snapshot: Snapshot, refresh: () => Promise<void>): HTMLElement {
  const { id = '', name = id } = snapshot;
  const path = pathOf('snapshots', id);
  const remove = async (): Promise<void> => {
    const question = `Delete snapshot ${name}? Services that were published with it keep their copy.`;
    if (!(await confirm(question, 'Delete snapshot'))) return;
    await api.delete(path);
    notify(`Snapshot ${name} is deleted.`);
    await refresh();
  };
  const download = async (): Promise<void> => {
    saveAs(await api.download(path), `${name}.zip`);
  };
  return make(
    'div',
    { class: 'row end' },
    button('Download', download, { class: 'quiet', 'aria-label': `Download snapshot ${name}` }),
    button('Delete', remove, { class: 'quiet danger', 'aria-label': `Delete snapshot ${name}` }),
  );
}
