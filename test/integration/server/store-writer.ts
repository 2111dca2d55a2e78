// A process that writes rows: `store-writer.ts <database file> <prefix of the ids> <count>`.
import { openSqliteStore } from '../../../src/server/index.js';

const [file = '', prefix = '', count = ''] = process.argv.slice(2);

const store = await openSqliteStore(file);
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
