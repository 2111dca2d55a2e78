// A cell that needs more memory than the server allows: the error names the limit.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite } from './harness.js';

const LARGE = { R: 'x <- numeric(1e9)', python: 'x = bytearray(8 * 10**9)' };

describe.skipIf(process.platform !== 'linux' || isMissing('R'))(
  'a cell with too little memory',
  () => {
    let site: TestSite;
    beforeAll(async () => {
      site = await TestSite.start({ limits: { memoryBytes: 1024 ** 3 } });
    });
    afterAll(() => site.close());

    test.each(
      LANGUAGES.flatMap((language) =>
        MODES.flatMap((mode) =>
          (['rich', 'plain'] as const).map((display) => ({ language, mode, display })),
        ),
      ),
    )('is told the limit: $language, $mode, $display', async ({ language, mode, display }) => {
      const kernel = await site.kernel({ language, mode, settings: { display } });

      const { result } = await kernel.run(LARGE[language]);

      expect(result).toMatchObject(
        language === 'R'
          ? {
              ename: expect.stringMatching(/rror/) as string,
              evalue: 'cannot allocate vector of size 7.5 Gb',
            }
          : { ename: 'MemoryError', evalue: '' },
      );
      const traceback = result.status === 'error' ? result.traceback : [];
      expect(traceback.at(-1)).toBe('The server allows a session 1024 MB of memory.');
      await kernel.end();
    });
  },
);
