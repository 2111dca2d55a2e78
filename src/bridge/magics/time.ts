// %time: how long code takes, the way to the server included.
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';

/** CPU time of the session's process and of its children that have ended. */
const CPU_SECONDS = {
  R: 'sum(base::proc.time()[c(1L, 2L, 4L, 5L)], na.rm = TRUE)',
  python: 'sum(__import__("os").times()[:4])',
} as const;
/** A session that does not answer by then goes without. */
const CPU_PATIENCE_MS = 1000;

export const timeMagic: Magic = {
  name: 'time',
  summary: 'Runs code and says how long it took, here and in the session.',
  usages: [
    { call: 'CODE', form: 'line', help: 'Times the code on this line.' },
    { call: '', form: 'cell', help: 'Times the code below.' },
  ],
  options: [],
  runsCode: true,
  examples: ['%time sum(runif(1e6))', '%%time\nx <- sort(runif(1e6))\nmean(x)'],
  details:
    'Wall time has the way to the server in it. CPU time is that of the process of the session and of its children that have ended.',
  async run({ form, argument, body }, { cell, language, session, runCode, print }) {
    const code = form === 'cell' && argument === '' ? body : argument;
    if (code.trim() === '' || (form === 'cell' && argument !== '')) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%time wants code on its line, %%time below it.');
    }
    const live = session.live ?? (await session.ready(cell));
    const cpuTimeMs = async (): Promise<number> => {
      const value = await live.evaluate(CPU_SECONDS[language.name], CPU_PATIENCE_MS);
      return 1000 * Number.parseFloat(String(value?.data['text/plain']).replace(/^\[1\] /, ''));
    };
    const cpuBeforeMs = await cpuTimeMs();
    const startedAt = performance.now();
    const result = await runCode(code);
    const wallMs = performance.now() - startedAt;
    const cpuMs = session.live === live ? (await cpuTimeMs()) - cpuBeforeMs : Number.NaN;
    if (!Number.isNaN(cpuMs)) print(`CPU time: ${formatDuration(cpuMs)} in the session`);
    print(`Wall time: ${formatDuration(wallMs)}`);
    return result;
  },
};

function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes.toString()} min ${((ms % 60_000) / 1000).toFixed(0)} s`;
}
