// %time: how long code takes, the way to the server included.
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';

export const timeMagic: Magic = {
  name: 'time',
  summary: 'Runs code and says how long it took, the way to the server included.',
  usages: [
    { call: 'CODE', form: 'line', help: 'Times the code on this line.' },
    { call: '', form: 'cell', help: 'Times the code below.' },
  ],
  options: [],
  runsCode: true,
  examples: ['%time sum(runif(1e6))', '%%time\nx <- sort(runif(1e6))\nmean(x)'],
  async run({ form, argument, body }, { runCode, print }) {
    const code = form === 'cell' && argument === '' ? body : argument;
    if (code.trim() === '' || (form === 'cell' && argument !== '')) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%time wants code on its line, %%time below it.');
    }
    const startedAt = performance.now();
    const result = await runCode(code);
    print(`Wall time: ${formatDuration(performance.now() - startedAt)}`);
    return result;
  },
};

function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes.toString()} min ${((ms % 60_000) / 1000).toFixed(0)} s`;
}
