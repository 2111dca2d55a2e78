// A batch of calls of a service in JupyterLab: what a person sees while it runs, when it is over and when it is stopped.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeInLab, type Lab } from '../helpers/lab.js';
import type { KernelName } from '../helpers/notebook.js';

/** Services whose calls beyond the third wait for a file. */
const LANGUAGES = [
  {
    kernel: 'rserver-r',
    code: (go: string) => `while (n > 3 && !file.exists("${go}")) Sys.sleep(0.05)\nsquare <- n * n`,
  },
  {
    kernel: 'rserver-python',
    code: (go: string) =>
      `import os, time\nwhile n > 3 and not os.path.exists("${go}"): time.sleep(0.05)\nsquare = n * n`,
  },
] as const satisfies readonly (Record<string, unknown> & { kernel: KernelName })[];

const ITEMS = JSON.stringify([1, 2, 3, 4, 5].map((n) => ({ n })));

describeInLab('a batch of a service in JupyterLab', (lab) => {
  test.each(LANGUAGES)(
    'shows how far it is, then its results ($kernel)',
    async ({ kernel, code }) => {
      const go = fileOf(lab(), `${kernel}-go`);
      const notebook = await lab().open(`batch-${kernel}.ipynb`, kernel, [
        publish(`Finished-${kernel}`, code(go)),
        `%%consume --batch Finished-${kernel}\n${ITEMS}`,
      ]);
      await notebook.run(0);
      await notebook.idle();

      await notebook.run(1);
      await notebook.output(1).getByText('3 of 5 items done').waitFor();
      await notebook.output(1).locator('progress[value="3"][max="5"]').waitFor();
      await notebook.running(1);
      await notebook.screenshot(`lab-batch-${kernel}-1`);
      writeFileSync(go, '');

      await notebook.output(1).getByText('5 items done').waitFor();
      await notebook.output(1).locator('td', { hasText: '25' }).waitFor();
      await notebook.screenshot(`lab-batch-${kernel}-2`);
      expect(await notebook.output(1).getByText('items done').count()).toBe(1);
      expect(await notebook.output(1).locator('progress').count()).toBe(0);
      await notebook.close();
    },
  );

  test('says so when it is interrupted', async () => {
    const never = fileOf(lab(), 'never');
    const notebook = await lab().open('batch-interrupted.ipynb', 'rserver-r', [
      publish('Stopped', LANGUAGES[0].code(never)),
      `%%consume --batch Stopped\n${ITEMS}`,
      '1 + 1',
    ]);
    await notebook.run(0);
    await notebook.idle();
    await notebook.run(1);
    await notebook.output(1).getByText('3 of 5 items done').waitFor();

    await notebook.interrupt();

    await notebook.output(1).getByText('3 of 5 items done, then cancelled').waitFor();
    await notebook.run(2);
    await notebook.output(2).getByText('2', { exact: true }).waitFor();
    await notebook.screenshot('lab-batch-interrupted');
  });
});

function publish(name: string, code: string): string {
  return `%%publish ${name} 1.0 --inputs n:numeric --outputs square:numeric --no-snapshot\n${code}`;
}

function fileOf(lab: Lab, name: string): string {
  return path.join(lab.jupyter.directory, name);
}
