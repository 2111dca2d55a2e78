import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isMissing } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, type Cell, type TestKernel } from './harness.js';
import { snippets } from './snippets.js';

const combinations = MODES.flatMap((mode) => LANGUAGES.map((language) => ({ mode, language })));

function json({ values }: Cell): readonly unknown[] {
  return values;
}

describe.skipIf(isMissing('R')).each(combinations)(
  'magics in $language, $mode',
  ({ mode, language }) => {
    const code = snippets(language);
    const [yes, no] = language === 'R' ? ['[1] TRUE', '[1] FALSE'] : ['True', 'False'];
    let site: TestSite;
    let kernel: TestKernel;
    let folder: string;

    beforeAll(async () => {
      site = await TestSite.start();
    });

    beforeEach(async () => {
      kernel = await site.kernel({ language, mode });
      folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-magics-'));
    });

    afterEach(async () => {
      await site.endKernels();
      await rm(folder, { recursive: true });
    });

    afterAll(async () => {
      await site.close();
    });

    test('inputs go into the code, outputs come out typed', async () => {
      const cell = await kernel.ok(
        [
          '%inputs number=4.5 words=["a", "b"] flag=true',
          '%outputs twice words flag table',
          code.assign('twice', 'number * 2'),
          language === 'R'
            ? 'table <- data.frame(month = c("Jan", "Feb"), total = c(120, 95))'
            : 'table = {"month": ["Jan", "Feb"], "total": [120, 95]}',
        ].join('\n'),
      );

      expect(json(cell)).toEqual([
        9,
        ['a', 'b'],
        true,
        { month: ['Jan', 'Feb'], total: [120, 95] },
      ]);
      expect(cell.displays[3]?.['text/html']).toContain('<table>');
      expect(cell.displays[0]?.['text/plain']).toBe('twice: numeric\n9');
    });

    test('inputs stay in the session, from a cell or a file', async () => {
      const file = path.join(folder, 'in.json');
      await writeFile(file, '{"from_file": [1, 2, 3]}');

      await kernel.ok('%%inputs\n{"from_cell": "text"}');
      await kernel.ok(`%inputs @"${file}"`);
      const cell = await kernel.ok('%outputs from_cell from_file');

      expect(json(cell)).toEqual(['text', [1, 2, 3]]);
    });

    test('an output that does not exist is told, after the code has run', async () => {
      const { result, stdout } = await kernel.run(`%outputs nope\n${code.print('ran')}`);

      expect(stdout).toBe('ran\n');
      expect(result).toMatchObject({
        ename: 'BRIDGE_OUTPUT_MISSING',
        evalue: expect.stringContaining('"nope"') as string,
      });
    });

    test('an output that is no data is told', async () => {
      const definition = language === 'R' ? 'f <- function() 1' : 'def f(): return 1';

      const { result } = await kernel.run(`%outputs f\n${definition}`);

      expect(result).toMatchObject({ ename: 'BRIDGE_OUTPUT_UNSUPPORTED' });
    });

    test('failing code with outputs is the code’s failure', async () => {
      const { result } = await kernel.run(`%outputs x\n${code.failingFunction}`);

      expect(result).toMatchObject({ evalue: expect.stringContaining('went wrong') as string });
    });

    test('a snapshot brings everything back exactly; loading one merges', async () => {
      await kernel.ok(`${code.assign('kept', '1')}\n${code.writeFile('kept.txt', 'kept')}`);
      const before = await kernel.sessionId();
      await kernel.ok('%snapshot create Before and after');
      await kernel.ok(`${code.remove('kept')}\n${code.assign('later', '2')}`);

      const merged = await kernel.ok('%snapshot load Before and after\nlater');
      await kernel.ok(code.remove('kept'));
      const restored = await kernel.ok('%snapshot restore Before and after');
      await kernel.ok('%snapshot delete Before and after');

      expect(merged.value).toContain('2');
      expect(restored.text).toContain('Session restored from snapshot "Before and after"');
      expect((await kernel.ok(code.exists('kept'))).value).toBe(yes);
      expect((await kernel.ok(code.exists('later'))).value).toBe(no);
      expect((await kernel.ok(code.readFile('kept.txt'))).stdout).toBe('kept\n');
      const after = await kernel.sessionId();
      const client = site.client();
      const ids = (await client.sessions.list()).map(({ id }) => id);
      await client.close();
      expect(after).not.toBe(before);
      expect(ids).toEqual([after]);
    });

    test('snapshots are listed, downloaded and deleted', async () => {
      const name = `Kept ${mode} ${language}`;
      await kernel.ok(`${code.assign('x', '1')}\n%snapshot ${name}`);

      const list = await kernel.ok('%snapshot list');
      await kernel.ok(`%snapshot download "${name}" "${folder}"`);
      await kernel.ok(`%snapshot delete ${name}`);
      const gone = await kernel.run(`%snapshot restore ${name}`);

      expect(JSON.stringify(json(list))).toContain(name);
      const [file = ''] = await readdir(folder);
      expect((await readFile(path.join(folder, file))).subarray(0, 2).toString()).toBe('PK');
      expect(gone.result).toMatchObject({ ename: 'BRIDGE_SNAPSHOT_NOT_FOUND' });
    });

    test('files go there and back', async () => {
      const file = path.join(folder, 'in put.txt');
      await writeFile(file, 'line one\n');

      await kernel.ok(`%files put "${file}" as data.txt`);
      const read = await kernel.ok(code.readFile('data.txt'));
      await kernel.ok(code.writeFile('made.txt', 'made'));
      const list = await kernel.ok('%files');
      await kernel.ok(`%files get made.txt "${path.join(folder, 'out.txt')}"`);
      await kernel.ok('%files delete made.txt');
      const gone = await kernel.run('%files get made.txt');

      expect(read.stdout).toBe('line one\n');
      expect(json(list)).toEqual([['data.txt', 'made.txt']]);
      expect(await readFile(path.join(folder, 'out.txt'), 'utf8')).toBe('made\n');
      expect(gone.result).toMatchObject({ ename: 'BRIDGE_FILE_NOT_FOUND' });
    });

    test('the workspace lists variables with their types, and loses what is deleted', async () => {
      await kernel.ok(`${code.assign('number', '1')}\n${code.assign('other', '"text"')}`);

      const before = json(await kernel.ok('%workspace'))[0] as { name: string; type: string }[];
      await kernel.ok('%workspace delete other');
      const after = json(await kernel.ok('%workspace'))[0] as { name: string }[];
      const missing = await kernel.run('%workspace delete other');

      expect(before.map(({ name }) => name)).toEqual(['number', 'other']);
      expect(before.map(({ type }) => type)).toEqual(
        language === 'R' ? ['numeric', 'character'] : ['int', 'str'],
      );
      expect(after.map(({ name }) => name)).toEqual(['number']);
      expect(missing.result).toMatchObject({ ename: 'BRIDGE_OBJECT_NOT_FOUND' });
    });

    test('sessions are made, listed, attached and closed', async () => {
      await kernel.ok(code.assign('where', '1'));
      const first = await kernel.sessionId();
      await kernel.ok('%session new second --keep');
      const empty = await kernel.ok(code.exists('where'));
      const list = json(await kernel.ok('%session list'))[0] as { id: string; name: string }[];
      await kernel.ok(`%session attach ${first}`);
      const back = await kernel.ok('where');
      await kernel.ok('%session close');
      const fresh = await kernel.ok(code.exists('where'));

      expect(empty.value).toBe(no);
      expect(list).toHaveLength(2);
      expect(back.value).toContain('1');
      expect(fresh.value).toBe(no);
    });

    test('a kernel attaches to the session of another, and leaves it there', async () => {
      await kernel.ok(code.assign('shared', '7'));
      const id = await kernel.sessionId();
      const guest = await site.kernel({ language, mode });

      await guest.ok(`%session attach ${id}`);
      const seen = await guest.ok('shared');
      await guest.end();
      const still = await kernel.ok('shared');

      expect(seen.value).toContain('7');
      expect(still.value).toContain('7');
    });

    test('a session of the other language is not attached', async () => {
      const other = await site.kernel({ language: language === 'R' ? 'python' : 'R', mode });
      const id = await other.sessionId();

      expect((await kernel.run(`%session attach ${id}`)).result).toMatchObject({
        ename: 'BRIDGE_SESSION_LANGUAGE',
      });
    });

    test('a restart is clean, keeps, or takes a snapshot', async () => {
      await kernel.ok(code.assign('x', '1'));
      await kernel.ok('%restart keep');
      const kept = await kernel.ok(code.exists('x'));
      await kernel.ok('%snapshot S');
      await kernel.ok('%restart');
      const clean = await kernel.ok(code.exists('x'));
      await kernel.ok('%restart snapshot S');
      const restored = await kernel.ok(code.exists('x'));
      await kernel.ok('%snapshot delete S');

      expect([kept.value, clean.value, restored.value]).toEqual([yes, no, yes]);
    });

    test('a magic in the middle of a cell splits it in order, and errors keep their line', async () => {
      const cell = await kernel.run(
        `${code.print('one')}\n%time ${code.print('two')}\n${code.print('three')}\n\n${language === 'R' ? 'stop("at line 5")' : 'raise ValueError("at line 5")'}`,
      );

      const time =
        /CPU time: [\d.]+ m?s in the session\nWall time: .*\nSession: [\d.]+ m?s, round trip: [\d.]+ m?s/;
      expect(cell.stdout.replace(time, 'time')).toBe('one\ntwo\ntime\nthree\n');
      expect(cell.result).toMatchObject({ status: 'error', evalue: 'at line 5' });
      if (language === 'python') {
        expect(cell.result.status === 'error' && cell.result.traceback.join('\n')).toMatch(
          /line (?:\S*m)?5/,
        );
      }
    });

    test('what only looks like a magic is code', async () => {
      const cell = await kernel.ok(
        language === 'R'
          ? 'x <- "\n%snapshot create A\n"\n# %snapshot create B\n(2\n%in% 1:3)'
          : 'x = """\n%snapshot create A\n"""\n# %snapshot create B\n(7\n% 5)',
      );
      const snapshots = json(await kernel.ok('%snapshot list'))[0] as { name: string }[];

      expect(cell.value).toBe(language === 'R' ? '[1] TRUE' : '2');
      expect(snapshots.filter(({ name }) => name === 'A' || name === 'B')).toEqual([]);
    });
  },
);

describe.skipIf(isMissing('R')).each(MODES)('IPython’s magics, %s', (mode) => {
  let site: TestSite;

  beforeAll(async () => {
    site = await TestSite.start();
  });

  afterAll(async () => {
    await site.close();
  });

  test('go to the session untouched', async (context) => {
    const kernel = await site.kernel({ language: 'python', mode });
    const { value } = await kernel.ok(
      'import importlib.util\nimportlib.util.find_spec("IPython") is not None',
    );
    if (value !== 'True') context.skip('needs IPython');

    await kernel.ok('%%writefile note.txt\n%snapshot create A');
    const file = await kernel.ok('open("note.txt").read()');
    const line = await kernel.run('%who_ls');

    expect(file.value).toBe(String.raw`'%snapshot create A\n'`);
    expect(line.result.status).toBe('ok');
  });
});
