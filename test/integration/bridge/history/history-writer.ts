// A program: a kernel's history as a process of its own. Arguments: the file, a name, how many inputs to store.
import { silentLogger } from '../../../../src/base/index.js';
import { InputHistory } from '../../../../src/bridge/history/input-history.js';
import { keptHistory } from '../../../../src/bridge/history/kept-history.js';

const [file = '', name = '', count = ''] = process.argv.slice(2);
let failure = '';
const history = new InputHistory(
  keptHistory(file, {
    ...silentLogger,
    warn: (_facts, message) => {
      failure = message;
    },
  }),
);
for (let line = 1; line <= Number(count); line += 1) {
  history.add({ executionCount: line }, `${name} ${line}`);
  await history.store();
}
await history.close();
if (failure !== '') {
  process.stderr.write(failure);
  process.exit(1);
}
