import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutputRecorder } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { MODES, TestSite } from './harness.js';

const R_TABLE = `df <- data.frame(
  number = c(1.1, NA, NaN, -Inf), whole = c(1L, NA, 3L, -4L),
  text = c("NA", NA, "a\\"b,\\nc\\\\t", "\\u00e9\\u4e2d"),
  kind = factor(c("b", NA, "a", "b"), levels = c("b", "a", "z")),
  grade = factor(c("lo", "hi", NA, "lo"), levels = c("lo", "hi"), ordered = TRUE),
  day = as.Date(c("2024-02-29", NA, "1969-12-31", "2000-01-01")),
  moment = as.POSIXct(c(1709206200.25, NA, 0, -1.5), origin = "1970-01-01", tz = "Europe/Berlin"),
  flag = c(TRUE, NA, FALSE, TRUE), stringsAsFactors = FALSE)
df$big <- structure(c(4.94065645841247e-324, 4.450147717014403e-308, -0, 1), class = "integer64")`;

const PYTHON_TABLE = `import datetime, numpy as np, pandas as pd
df = pd.DataFrame({
  "number": [1.5, np.nan, np.inf, -0.1], "whole": pd.array([1, None, 3, -4], "Int32"),
  "big": pd.array([2**60 + 1, None, -3, 4], "Int64"), "text": ["NA", None, 'a"b,\\nc', "é中"],
  "kind": pd.Categorical(["b", None, "a", "b"], ["b", "a", "z"]),
  "grade": pd.Categorical(["lo", "hi", None, "lo"], ["lo", "hi"], ordered=True),
  "day": [datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31), datetime.date(2000, 1, 1)],
  "moment": pd.to_datetime([1709206200.25, None, 0, -1.5], unit="s", utc=True).tz_convert("Europe/Berlin"),
  "flag": pd.array([True, None, False, True], "boolean")})`;

describe.skipIf(isMissing('R')).each(MODES)('moving data, %s', (mode) => {
  let site: TestSite;
  let folder: string;

  beforeAll(async () => {
    site = await TestSite.start();
  }, 120_000);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'rserver moving '));
  });

  afterEach(async () => {
    await site.endKernels();
    await rm(folder, { recursive: true });
  });

  afterAll(async () => {
    await site.close();
  });

  test('a data frame of R comes back identical from every format', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok(R_TABLE);

    for (const format of ['csv', 'json', 'rds']) {
      const file = path.join(folder, `table.${format}`);
      await kernel.ok(`%pull df "${file}"\n%push "${file}" --name back`);
      const cell = await kernel.ok('cat(identical(df, back))');
      expect(`${format} ${cell.text}`).toContain('TRUE');
      await kernel.ok('rm(back)');
    }
    expect((await kernel.ok('%files list')).displays[0]?.['text/plain']).toBe(
      'The session has no files.',
    );
  }, 120_000);

  test('a data frame of Python comes back equal from every format', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await kernel.ok(PYTHON_TABLE);

    for (const format of ['csv', 'json', 'parquet', 'feather', 'pickle']) {
      const file = path.join(folder, `table.${format}`);
      await kernel.ok(`%pull df "${file}"\n%push "${file}" --name back`);
      await kernel.ok('pd.testing.assert_frame_equal(df, back)\ndel back');
    }
  }, 120_000);

  test('a frame is shared to the other language and back without a change', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok(R_TABLE);

    await kernel.ok('%share df\n%share df --to r --as back');
    const seen = await kernel.ok(
      "%%python\nprint([str(t) for t in df.dtypes], df.text[2] == 'a\"b,\\nc\\\\t')",
    );

    expect(seen.text).toContain('datetime64[ns, Europe/Berlin]');
    expect(seen.text).toContain('True');
    expect((await kernel.ok('cat(identical(df, back))')).text).toContain('TRUE');
  }, 120_000);

  test('Python without numpy and pandas has lists and values of its own, and gives them back', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await kernel.ok('import sys\nsys.modules["numpy"] = sys.modules["pandas"] = None');

    await kernel.ok(`%%r\n${R_TABLE}\n%share df`);
    const seen = await kernel.ok('print(type(df).__name__, df["number"], df["big"], df["kind"])');
    await kernel.ok('%share df --as back');

    expect(seen.text).toBe(
      "OrderedDict [1.1, None, nan, -inf] [1, 9007199254740992, None, 4607182418800017408] ['b', None, 'a', 'b']\n",
    );
    const same = 'c("number", "whole", "text", "day", "flag", "big")';
    expect((await kernel.ok(`%%r\ncat(identical(df[${same}], back[${same}]))`)).text).toBe('TRUE');
  }, 120_000);

  test('a transfer leaves no name and no module behind', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await kernel.ok('x = [1, 2]\nnames = set(dir())');

    await kernel.ok('%share x');

    const modules = '[name for name in __import__("sys").modules if "transfer" in name]';
    const left = await kernel.ok(`print(set(dir()) - names - {"names"}, ${modules})`);
    expect(left.text).toBe('set() []\n');
    expect((await kernel.ok('%%r\ncat(ls(all.names = TRUE))')).text).toBe('x');
  }, 120_000);

  test('an error in the other language is the error of the cell, and the next cell runs', async () => {
    const kernel = await site.kernel({ language: 'python', mode });

    const failed = await kernel.run('%%r\nf <- function() stop("no way")\nf()');
    const after = await kernel.ok('%%time\n%%r\ncat(exists("f"))');

    expect(failed.result).toMatchObject({ status: 'error' });
    expect(JSON.stringify(failed.result)).toContain('no way');
    expect(after.text).toContain('TRUE');
    expect(after.text).toContain('Wall time');
  }, 120_000);

  test('files are not replaced without --force, and nothing is left behind by a refusal', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const file = path.join(folder, 'x.csv');
    await writeFile(file, 'mine');
    await kernel.ok('x <- data.frame(a = 1:3)');

    const refused = await kernel.run(`%pull x "${file}"`);

    expect(refused.result).toMatchObject({ status: 'error', ename: 'BRIDGE_LOCAL_FILE' });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['x.csv']);
    await kernel.ok(`%pull x "${file}" --force`);
    expect(await readFile(file, 'utf8')).toBe('"a"\n1\n2\n3\n');
  }, 120_000);

  test('a session of the other language is shown, completed in, interrupted and closed with the kernel', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok('%%python\nlong_name = 1');
    const client = site.client();
    await client.login();

    const completions = await kernel.interpreter.complete('%%python\nlong_na', 16);
    const info = await kernel.ok('%session');
    const output = new OutputRecorder();
    const stop = new AbortController();
    const running = kernel.run(
      '%%python\nprint("started", flush=True)\nimport time; time.sleep(60)',
      {
        output,
        signal: stop.signal,
      },
    );
    await output.whenText('started');
    stop.abort();
    const stopped = await running;
    const before = await client.sessions.list();
    await kernel.end();
    const after = await client.sessions.list();
    await client.close();

    expect(completions).toMatchObject({ matches: ['long_name'], start: 9, end: 16 });
    expect(info.displays[0]?.['text/plain']).toContain('Second session');
    expect(stopped.result).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(before).toHaveLength(2);
    expect(after).toHaveLength(0);
  }, 120_000);

  test('a second session that was lost is opened anew, and the first keeps its variables', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok('%%python\npass');
    await kernel.ok('x <- c(a = 1, b = NA)');
    const client = site.client();
    const second = (await client.sessions.list()).find(
      ({ runtimeType }) => runtimeType === 'Python',
    );
    await client.sessions.closeByForce(second?.id ?? '');
    await client.close();

    const failed = await kernel.run('%share x');
    await kernel.ok('%share x\n%share x --to r --as back');

    expect(failed.result).toMatchObject({ status: 'error', ename: 'BRIDGE_TRANSFER' });
    expect((await kernel.ok('cat(identical(x, back))')).text).toBe('TRUE');
  }, 120_000);

  test('a pattern sends several files, which stay files', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    await writeFile(path.join(folder, 'one two.txt'), 'first');
    await writeFile(path.join(folder, 'three.txt'), 'second');

    await kernel.ok(`%push "${folder}/*.txt"`);
    const again = await kernel.run(`%push "${folder}/three.txt"`);

    expect((await kernel.ok('import os; print(sorted(os.listdir(".")))')).text).toContain(
      "['one two.txt', 'three.txt']",
    );
    expect(again.result).toMatchObject({ status: 'error', ename: 'BRIDGE_TRANSFER' });
  }, 120_000);
});
