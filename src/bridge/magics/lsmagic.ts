// %lsmagic: the list of magics.
import type { Display } from '../../jupyter/index.js';
import { tableDisplay } from '../display/tables.js';
import { formsOf } from './help-text.js';
import type { Magic, MagicTable } from './magic.js';

export const lsmagicMagic: Magic = {
  name: 'lsmagic',
  summary: 'Lists the magics of this kernel.',
  usages: [{ call: '', form: 'line', help: 'Lists them with one line each.' }],
  options: [],
  examples: ['%lsmagic'],
  runsBeside: () => true,
  run(_call, { magics, show }) {
    showMagicList(magics, show);
    return Promise.resolve(undefined);
  },
};

/** Shows every magic with its forms and summary. */
export function showMagicList(magics: MagicTable, show: (display: Display) => void): void {
  const rows = magics.all.map((magic) => [formsOf(magic).join(', '), magic.summary]);
  show(
    tableDisplay({
      caption: 'Magics; %help MAGIC says more about one',
      columns: [{ title: 'magic' }, { title: 'what it does' }],
      rows,
      json: magics.all.map((magic) => ({
        name: magic.name,
        forms: formsOf(magic),
        summary: magic.summary,
      })),
      empty: 'There are no magics.',
    }),
  );
}
