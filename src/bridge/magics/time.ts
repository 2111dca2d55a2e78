// %time: how long code takes, the way to the server included.
import { formatDuration } from '../display/durations.js';
import { BridgeError } from '../errors.js';
import type { LanguageName } from '../language/languages.js';
import type { LiveSession } from '../live-session.js';
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
    'Wall time is what the kernel sees, the way to the server included. The last line parts it: a call that does nothing, before or after the code, takes the time of the round trip; the rest is that of the session. CPU time is that of the process of the session and of its children that have ended. Without the helper for rich results in the session there is the wall time only.',
  async run({ form, argument, body }, { cell, language, session, runCode, print }) {
    const code = form === 'cell' && argument === '' ? body : argument;
    if (code.trim() === '' || (form === 'cell' && argument !== '')) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%time wants code on its line, %%time below it.');
    }
    const live = session.live ?? (await session.ready(cell));
    const before = await askTime(live, language.name);
    const startedAt = performance.now();
    const result = await runCode(code);
    const wallMs = performance.now() - startedAt;
    const after = session.live === live ? await askTime(live, language.name) : undefined;
    if (before !== undefined && after !== undefined) {
      print(`CPU time: ${formatDuration(after.cpuMs - before.cpuMs)} in the session`);
    }
    print(`Wall time: ${formatDuration(wallMs)}`);
    if (before !== undefined && after !== undefined) {
      const wayMs = Math.min(before.tookMs, after.tookMs, wallMs);
      print(`Session: ${formatDuration(wallMs - wayMs)}, round trip: ${formatDuration(wayMs)}`);
    }
    return result;
  },
};

/** What the session says of its processor time, and how long the asking took: as long as a cell that does nothing. */
async function askTime(
  live: LiveSession,
  language: LanguageName,
): Promise<{ readonly cpuMs: number; readonly tookMs: number } | undefined> {
  const startedAt = performance.now();
  const value = await live.evaluate(CPU_SECONDS[language], CPU_PATIENCE_MS);
  const tookMs = performance.now() - startedAt;
  const cpuMs = 1000 * Number.parseFloat(String(value?.data['text/plain']).replace(/^\[1\] /, ''));
  return Number.isNaN(cpuMs) ? undefined : { cpuMs, tookMs };
}
