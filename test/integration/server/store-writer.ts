// A process that writes rows: `store-writer.ts <database file or URL> <prefix of the ids> <count>`.
import { openSqliteStore } from '../../../src/server/index.js';
import { openPostgresqlStore } from '../../../src/server/store/postgresql.js';

const [place = '', prefix = '', count = ''] = process.argv.slice(2);

const store = await (place.startsWith('postgresql:')
  ? openPostgresqlStore({ url: place })
  : openSqliteStore(place));
for (let row = 0; row < Number(count); row += 1) {
  await store.snapshots.insert({
    id: `${prefix}${row}`,
    name: '',
    owner: 'ann',
    runtimeType: 'R',
    createdAtMs: row,
    contentSize: 0,
  });
}
await store.close();
