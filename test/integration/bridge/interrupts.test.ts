import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, type Cell, type TestKernel } from './harness.js';
import { snippets } from './snippets.js';

const combinations = MODES.flatMap((mode) => LANGUAGES.map((language) => ({ mode, language })));

/** Runs a cell and interrupts it when it has printed `started`. */
async function interrupted(
  kernel: TestKernel,
  code: string,
): Promise<Cell & { readonly ms: number }> {
  const output = new OutputRecorder();
  const stop = new AbortController();
  const running = kernel.run(code, { output, signal: stop.signal });
  await output.whenText('started');
  const startedAt = performance.now();
  stop.abort();
  const cell = await running;
  return { ...cell, ms: performance.now() - startedAt };
}

describe.skipIf(isMissing('R')).each(combinations)(
  'interrupts in $language, $mode',
  ({ mode, language }) => {
    const code = snippets(language);
    let site: TestSite;

    beforeAll(async () => {
      site = await TestSite.start();
    });

    afterAll(async () => {
      await site.close();
    });

    test('stop the code within 2 s, and the variables stay', async () => {
      const kernel = await site.kernel({ language, mode });
      await kernel.ok(code.assign('x', '41'));

      const { result, stdout, ms } = await interrupted(
        kernel,
        `${code.print('started')}\n${code.sleep(60)}\n${code.print('never')}`,
      );
      const next = await kernel.ok('x + 1');

      expect(ms).toBeLessThan(2000);
      expect(result).toMatchObject({
        status: 'error',
        ename: language === 'R' ? 'Interrupt' : 'KeyboardInterrupt',
      });
      expect(stdout).toBe('started\n');
      expect(next.value).toContain('42');
    });

    test('stop plain code, too', async () => {
      const kernel = await site.kernel({ language, mode, settings: { display: 'plain' } });

      const { result } = await interrupted(kernel, `${code.print('started')}\n${code.sleep(60)}`);
      const next = await kernel.run(code.print('alive'));

      expect(result).toMatchObject({
        status: 'error',
        ename: language === 'R' ? 'Interrupt' : 'KeyboardInterrupt',
      });
      expect(next.stdout).toBe('alive\n');
    });

    test('that are ignored are told, and force is offered and helps', async () => {
      const kernel = await site.kernel({ language, mode, settings: { interruptTimeoutMs: 500 } });

      const { result } = await interrupted(kernel, code.stubborn);
      const restart = await kernel.run('%restart');
      const next = await kernel.ok(code.print('alive'));

      expect(result).toMatchObject({ status: 'error', ename: 'BRIDGE_INTERRUPT_IGNORED' });
      expect(JSON.stringify(result)).toContain('%session close --force');
      expect(restart.result.status).toBe('ok');
      expect(next.stdout).toBe('alive\n');
    });

    test('come by themselves when a cell takes longer than it may', async () => {
      const kernel = await site.kernel({ language, mode, settings: { executeTimeoutMs: 300 } });

      const { result } = await kernel.run(code.sleep(60));
      const next = await kernel.ok(code.print('alive'));

      expect(result).toMatchObject({ ename: 'BRIDGE_EXECUTE_TIMEOUT' });
      expect(next.stdout).toBe('alive\n');
    });
  },
);
