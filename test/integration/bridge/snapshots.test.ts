// %snapshot while the server writes: who waits, who does not, and what is shown.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InputRequester } from '../../../src/jupyter/index.js';
import { FakeHost, noInput } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, TestSite, type Mode, type TestKernel } from './harness.js';
import { snippets } from './snippets.js';

/** A front end with a person before it. */
const person: InputRequester = { ...noInput, allowed: true };

/** Code after which a snapshot is not written before a file is there. */
const SLOW = {
  R: (flag: string) =>
    `makeActiveBinding("slow", function() { while (!file.exists(${JSON.stringify(flag)})) Sys.sleep(0.01); 1 }, globalenv())`,
  python: (flag: string) =>
    [
      'class Slow:',
      '    def __reduce__(self):',
      '        import os, time',
      `        while not os.path.exists(${JSON.stringify(flag)}): time.sleep(0.01)`,
      '        return (int, ())',
      'slow = Slow()',
    ].join('\n'),
};

const FAILING = {
  R: 'makeActiveBinding("bad", function() stop("no value"), globalenv())',
  python: 'bad = (i for i in [1])',
};

describe.skipIf(isMissing('R')).each(LANGUAGES)(
  'the magic snapshot, for a session in %s',
  (language) => {
    const code = snippets(language);
    let site: TestSite;
    let folder: string;
    let flag: string;
    let host: FakeHost;

    beforeAll(async () => {
      site = await TestSite.start();
    });

    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-snapshots-'));
      flag = path.join(folder, 'go');
      host = new FakeHost();
    });

    afterEach(async () => {
      await writeFile(flag, '');
      await site.endKernels();
      await rm(folder, { recursive: true });
    });

    afterAll(async () => {
      await site.close();
    });

    async function kernelOf(mode: Mode): Promise<TestKernel> {
      const kernel = await site.kernel({ language, mode });
      kernel.interpreter.start(host);
      return kernel;
    }

    /** Texts that displays got after their cell. */
    const updates = (): unknown[] =>
      host.background.outputs.flatMap((output) =>
        'update' in output ? [output.update.data['text/plain']] : [],
      );

    test('ends its cell when the state is taken; what needs snapshots waits until it is written', async () => {
      const kernel = await kernelOf('extensions');
      await kernel.ok(code.assign('x', '1'));
      await kernel.ok(SLOW[language](flag));

      const cell = await kernel.run('%snapshot create first', { input: person });
      const next = await kernel.ok(code.assign('x', '2'));
      const list = kernel.run('%snapshot list', { input: person });
      const isWaiting = updates().length === 0;
      await writeFile(flag, '');
      const listed = await list;
      await kernel.ok('%snapshot restore first');

      expect(cell.displays.map((data) => data['text/plain'])).toEqual([
        'Snapshot "first" is being written; the session goes on meanwhile.',
      ]);
      expect(next.result.status).toBe('ok');
      expect(isWaiting).toBe(true);
      expect(updates()).toEqual([expect.stringMatching(/^Snapshot "first" made: [-0-9a-f]{36}$/)]);
      expect(listed.displays[0]?.['text/plain']).toContain('first');
      expect((await kernel.ok('x')).value).toBe(language === 'R' ? '[1] 1' : '1');
    });

    test('that fails later changes its display, and is the error of the next magic that needs snapshots, once', async () => {
      const kernel = await kernelOf('extensions');
      await kernel.ok(SLOW[language](flag));
      await kernel.ok(FAILING[language]);
      await kernel.run('%snapshot broken', { input: person });

      await writeFile(flag, '');
      const failed = await kernel.run('%snapshot list');
      const again = await kernel.run('%snapshot list');

      expect(updates()).toEqual([
        expect.stringMatching(/^Snapshot "broken" could not be made: .*bad/),
      ]);
      expect(failed.result).toMatchObject({
        status: 'error',
        evalue: expect.stringContaining('bad') as string,
      });
      expect(again.result.status).toBe('ok');
    });

    test.each([
      ['in a batch run', 'extensions', noInput],
      ['with a server that does not tell when the state is taken', 'plain', person],
    ] as const)('waits to the end %s', async (_when, mode, input) => {
      const kernel = await kernelOf(mode);
      await kernel.ok(SLOW[language](flag));
      let isDone = false;

      const cell = kernel.run('%snapshot waited', { input }).finally(() => {
        isDone = true;
      });
      // Another client's question goes to the server and back meanwhile.
      await site.client().login(new AbortController().signal);
      const wasDone = isDone;
      await writeFile(flag, '');

      expect(wasDone).toBe(false);
      expect((await cell).stdout).toMatch(/^Snapshot "waited" made: /);
    });

    test('that is quickly written prints its id, as ever', async () => {
      const kernel = await kernelOf('extensions');
      await kernel.ok(code.assign('x', '1'));

      await vi.waitFor(async () => {
        // The machine of the test may be slow.
        const { stdout } = await kernel.run('%snapshot quick', { input: person });
        expect(stdout).toMatch(/^Snapshot "quick" made: /);
      }, 30_000);
    });
  },
);
