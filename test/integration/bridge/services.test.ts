// The magics for web services against the real server, R and Python; `plain` uses the documented API alone.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LanguageName } from '../../../src/bridge/index.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';
import { LANGUAGES, MODES, TestSite, type TestKernel } from './harness.js';
import { snippets } from './snippets.js';

const combinations = MODES.flatMap((mode) => LANGUAGES.map((language) => ({ mode, language })));

/** What the tests publish, in each language. */
const PROGRAMS: Readonly<
  Record<
    LanguageName,
    {
      readonly model: string;
      readonly predict: string;
      readonly table: string;
      readonly dataFrame: string;
      readonly isDataFrame: string;
      readonly plot: string;
      readonly realtime: string;
    }
  >
> = {
  R: {
    model: 'model <- glm(am ~ hp + wt, data = mtcars, family = binomial)\nhp <- 120; wt <- 2.8',
    predict:
      'answer <- predict(model, data.frame(hp = hp, wt = wt), type = "response")[[1]]\ncat("asked\\n")',
    table: 'total <- sum(df$x)\nsame <- df',
    dataFrame: 'df <- data.frame(x = c(1.5, 2.5), name = c("a", "b"), stringsAsFactors = FALSE)',
    isDataFrame: 'is.data.frame(got)',
    plot: 'png("plot.png", type = "cairo"); plot(1:n); invisible(dev.off())\nwrite.csv(data.frame(a = seq_len(n)), "table.csv", row.names = FALSE)',
    realtime: 'model <- glm(am ~ hp + wt, data = mtcars, family = binomial)',
  },
  python: {
    model:
      'import math\nclass Model:\n    def predict(self, hp, wt):\n        return 1 / (1 + math.exp(-(18.86630 + 0.03626 * hp - 8.08348 * wt)))\nmodel = Model()\nhp, wt = 120.0, 2.8',
    predict: 'answer = model.predict(hp, wt)\nprint("asked")',
    table: 'total = float(df["x"].sum())\nsame = df',
    dataFrame: 'import pandas\ndf = pandas.DataFrame({"x": [1.5, 2.5], "name": ["a", "b"]})',
    isDataFrame: 'type(got).__name__ == "DataFrame"',
    plot: 'import matplotlib\nmatplotlib.use("Agg")\nimport matplotlib.pyplot as plt\nplt.plot(range(n))\nplt.savefig("plot.png")\nopen("table.csv", "w").write("a\\n" + "\\n".join(str(i + 1) for i in range(n)) + "\\n")',
    realtime:
      'import numpy\nfrom sklearn.linear_model import LinearRegression\nmodel = LinearRegression().fit(numpy.array([[1.0, 1.0], [2.0, 1.0], [1.0, 3.0]]), [3.0, 4.0, 7.0])',
  },
};

describe.skipIf(isMissing('R')).each(combinations)(
  'magics for services in $language, $mode',
  ({ mode, language }) => {
    const code = snippets(language);
    const program = PROGRAMS[language];
    const assigned = language === 'R' ? '<-' : '=';
    let site: TestSite;
    let kernel: TestKernel;

    beforeAll(async () => {
      site = await TestSite.start();
    });

    beforeEach(async () => {
      kernel = await site.kernel({ language, mode });
    });

    afterEach(async () => {
      await site.endKernels();
      const client = site.client();
      for (const { name, version } of await client.services.list()) {
        await client.services.delete(name, version);
      }
      for (const { id } of await client.snapshots.list()) await client.snapshots.delete(id);
      await client.close();
    });

    afterAll(async () => {
      await site.close();
    });

    async function onServer(): Promise<{ services: string[]; snapshots: string[] }> {
      const client = site.client();
      const services = await client.services.list();
      const snapshots = await client.snapshots.list();
      await client.close();
      return {
        services: services.map(({ name, version }) => `${name} ${version}`),
        snapshots: snapshots.map(({ name }) => name),
      };
    }

    async function publishModel(options = ''): Promise<void> {
      await kernel.ok(program.model);
      await kernel.ok(
        `%%publish Cars 1.0 --inputs hp,wt --outputs answer:numeric ${options}\n${program.predict}`,
      );
    }

    test('a model of the session is published with inferred types, tested and called', async () => {
      await kernel.ok(program.model);

      const published = await kernel.ok(
        `%%publish Cars 1.0 --inputs hp,wt \\\n  --outputs answer:numeric --test hp=120,wt=2.8\n${program.predict}`,
      );
      await kernel.ok(code.remove('model'));
      const called = await kernel.ok('%consume Cars 1.0 hp=120 wt=2.8');

      expect(published.values[0]).toMatchObject({
        name: 'Cars',
        version: '1.0',
        snapshot: 'Cars 1.0',
        inputParameterDefinitions: [
          { name: 'hp', type: 'numeric' },
          { name: 'wt', type: 'numeric' },
        ],
        swaggerUrl: `${site.url}/api/Cars/1.0/swagger.json`,
      });
      expect(published.values[1]).toBeCloseTo(0.6418, 3);
      expect(called.values[0]).toBeCloseTo(0.6418, 3);
      expect(called.stdout).toBe('asked\n');
      expect(await onServer()).toEqual({ services: ['Cars 1.0'], snapshots: ['Cars 1.0'] });
    });

    test('a version that is there is refused, changed with --update, and leaves no snapshot', async () => {
      await publishModel();

      const again = await kernel.run(`%%publish Cars 1.0 --outputs a:numeric\na ${assigned} 1`);
      const updated = await kernel.ok(
        `%%publish Cars --update --no-snapshot --description "one more"\nanswer ${assigned} hp + wt`,
      );
      const called = await kernel.ok('%consume Cars hp=120 wt=2.5');

      expect(again.result).toMatchObject({
        ename: 'BRIDGE_SERVICE_EXISTS',
        traceback: expect.arrayContaining([expect.stringContaining('--update')]) as string[],
      });
      expect(updated.values[0]).toMatchObject({
        description: 'one more',
        inputParameterDefinitions: [{ name: 'hp' }, { name: 'wt' }],
      });
      expect(called.values).toEqual([122.5]);
      expect((await onServer()).snapshots).toEqual(['Cars 1.0']);
    });

    test('what fails leaves nothing behind', async () => {
      const cell = `%%publish Broken 1 --outputs y:numeric --test x=1\ny ${assigned} 1`;

      const badInput = await kernel.run(cell);
      const failing = await kernel.run(
        `%%publish Broken 1 --outputs y:numeric --test @none.json\n${code.failingFunction}`,
      );
      const noTest = await kernel.run(
        `%%publish Broken 1 --inputs x:numeric --outputs y:numeric --test x=1\n${code.failingFunction}`,
      );

      expect(badInput.result).toMatchObject({ ename: 'CLIENT_STATUS' });
      expect(failing.result).toMatchObject({ ename: 'BRIDGE_LOCAL_FILE' });
      expect(noTest.result).toMatchObject({
        ename: 'BRIDGE_SERVICE_FAILED',
        evalue: expect.stringContaining('went wrong') as string,
      });
      expect(await onServer()).toEqual({ services: [], snapshots: [] });
    });

    test('a type that cannot be inferred is asked for', async () => {
      const { result } = await kernel.run(`%%publish X 1 --inputs nope\n1`);

      expect(result).toMatchObject({
        ename: 'BRIDGE_SERVICE_TYPE',
        evalue: expect.stringContaining('"nope"') as string,
      });
    });

    test('types are those of the variables', async () => {
      const kinds =
        language === 'R'
          ? 'a <- TRUE; b <- 1.5; c1 <- 2L; d <- "x"; e <- 1:3; f <- matrix(1:4, 2); g <- data.frame(x = 1)\nh <- factor("u"); i <- as.Date("2020-01-01"); j <- list(1, 2)'
          : 'import numpy, pandas, datetime\na = True; b = 1.5; c1 = 2; d = "x"; e = [1, 2]; f = numpy.ones((2, 2)); g = pandas.DataFrame({"x": [1]})\nh = numpy.str_("u"); i = datetime.date(2020, 1, 1); j = pandas.Series([1, 2])';
      await kernel.ok(kinds);

      const { values } = await kernel.ok(
        '%%publish X 1 --dry-run --inputs a,b,c1,d,e,f,g,h,i,j\n1',
      );

      const { body } = values[0] as { body: { inputParameterDefinitions: { type: string }[] } };
      expect(body.inputParameterDefinitions.map(({ type }) => type)).toEqual([
        'logical',
        'numeric',
        'integer',
        'character',
        'vector',
        'matrix',
        'data.frame',
        'character',
        'character',
        'vector',
      ]);
      expect(await onServer()).toEqual({ services: [], snapshots: [] });
    });

    test('a value that no service can take is told by its class', async () => {
      await kernel.ok(language === 'R' ? 'f <- function() 1' : 'def f(): return 1');

      const { result } = await kernel.run('%%publish X 1 --inputs f\n1');

      expect(result).toMatchObject({
        ename: 'BRIDGE_SERVICE_TYPE',
        evalue: '"f" is of class function in the session, which is no type of a service.',
      });
    });

    test('a data frame of the session goes in, tables come out and into the session', async () => {
      await kernel.ok(program.dataFrame);
      await kernel.ok(
        `%%publish Sums 1 --no-snapshot --inputs df --outputs total:numeric,same:data.frame\n${program.table}`,
      );

      const called = await kernel.ok('%consume Sums 1 df=$df --into all');
      await kernel.ok(
        `%%publish Same 1 --no-snapshot --inputs df --outputs same:data.frame\nsame ${assigned} df`,
      );
      await kernel.ok('%consume Same df=$df --into got');

      expect(called.values).toEqual([4, { x: [1.5, 2.5], name: ['a', 'b'] }]);
      expect(called.displays[1]?.['text/html']).toContain('<table>');
      expect((await kernel.ok(program.isDataFrame)).value).toMatch(/true/i);
      expect((await kernel.ok('%outputs all')).values).toEqual([
        { total: 4, same: { x: [1.5, 2.5], name: ['a', 'b'] } },
      ]);
    });

    test('a batch runs over a JSON list and over a data frame', async () => {
      await kernel.ok(program.dataFrame);
      await kernel.ok(
        `%%publish Twice 1 --no-snapshot --inputs x:numeric --outputs y:numeric\ny ${assigned} 2 * x`,
      );

      const list = await kernel.ok('%%consume --batch Twice 1\n[{"x": 1}, {"x": 4}]');
      await kernel.ok('%consume --batch Twice --data df --parallel 2 --into got');

      expect(list.values).toEqual([{ x: [1, 4], y: [2, 8] }]);
      expect((await kernel.ok(program.isDataFrame)).value).toMatch(/true/i);
      expect((await kernel.ok('%outputs got')).values).toEqual([{ x: [1.5, 2.5], y: [3, 5] }]);
    });

    test('an item that fails is told in its row', async () => {
      const failing =
        language === 'R'
          ? 'if (x < 0) stop("negative")\ny <- x'
          : 'if x < 0: raise ValueError("negative")\ny = x';
      await kernel.ok(
        `%%publish Root 1 --no-snapshot --inputs x:numeric --outputs y:numeric\n${failing}`,
      );

      const cell = await kernel.ok('%%consume --batch Root 1\n[{"x": 4}, {"x": -1}]');

      expect(cell.values).toMatchObject([
        { x: [4, -1], y: [4, null], error: [null, expect.stringContaining('negative') as string] },
      ]);
      expect(cell.stdout).toContain('1 of 2 calls failed');
    });

    test('files of the service are shown', async () => {
      await kernel.ok(
        `%%publish Plot 1 --no-snapshot --inputs n:integer --artifacts plot.png,table.csv\n${program.plot}`,
      );

      const { displays } = await kernel.ok('%consume Plot 1 n=3');

      const [image, table] = displays;
      const bytes = Buffer.from(String(image?.['image/png']), 'base64');
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      expect(table?.['text/plain']).toMatch(/^table\.csv \(\d+ B\)\n"?a"?\n1\n2\n3$/);
    });

    test('services are listed, shown, changed and deleted', async () => {
      await publishModel();

      const all = await kernel.ok('%services');
      const changed = await kernel.ok('%service Cars 1.0 update --description "Manual or not"');
      const swagger = await kernel.ok('%service Cars 1.0 swagger');
      const deleted = await kernel.ok('%service Cars 1.0 delete');
      const gone = await kernel.run('%consume Cars 1.0 hp=1 wt=1');

      expect(all.values).toMatchObject([[{ name: 'Cars', version: '1.0' }]]);
      expect(changed.values).toMatchObject([
        { description: 'Manual or not', permission: 'read/write' },
      ]);
      expect(changed.displays[0]?.['text/plain']).toContain(program.predict.split('\n')[0]);
      expect(swagger.values).toMatchObject([{ info: { description: 'Manual or not' } }]);
      expect(deleted.stdout).toBe('Service Cars 1.0 deleted.\n');
      expect(gone.result).toMatchObject({ ename: 'BRIDGE_SERVICE_NOT_FOUND' });
    });

    test('a model is published as a realtime service and scored', async () => {
      await kernel.ok(program.realtime);
      const data = language === 'R' ? '{"hp": [120], "wt": [2.8]}' : '{"a": [1, 2], "b": [1, 3]}';

      await kernel.ok('%realtime publish Score 1 --model model');
      const listed = await kernel.ok('%realtime list');
      const scored = await kernel.ok(`%consume Score 1 inputData=${data}`);
      const again = await kernel.run('%realtime publish Score 1 --model model');
      await kernel.ok('%realtime delete Score 1');

      expect(listed.values).toMatchObject([[{ name: 'Score', runtimeType: 'Realtime' }]]);
      const [columns = []] = Object.values(scored.values[0] as Record<string, number[]>);
      expect(columns[0]).toBeCloseTo(language === 'R' ? 0.6418 : 3, 4);
      expect(again.result).toMatchObject({ ename: 'BRIDGE_SERVICE_EXISTS' });
      expect((await onServer()).services).toEqual([]);
    });

    test('bytes in a variable go out as they are', async () => {
      await kernel.ok(program.realtime);
      await kernel.ok(
        language === 'R'
          ? 'blob <- serialize(model, NULL)'
          : 'import pickle\nblob = pickle.dumps(model)',
      );

      const { values } = await kernel.ok('%realtime publish Score 1 --model blob');

      expect(values).toMatchObject([{ name: 'Score', runtimeType: 'Realtime' }]);
      expect((await kernel.ok('%files')).text).not.toContain('model-');
    });

    test('display=plain is enough where types are given', async () => {
      const plain = await site.kernel({ language, mode, settings: { display: 'plain' } });
      await plain.ok(program.model);

      const published = await plain.ok(
        `%%publish Cars 1.0 --inputs hp:numeric,wt:numeric --outputs answer:numeric --test hp=$hp,wt=$wt\n${program.predict}`,
      );
      await plain.ok('%consume Cars 1.0 hp=120 wt=2.8 --into got');

      expect(published.values[1]).toBeCloseTo(0.6418, 3);
      expect((await plain.ok('%outputs got')).values[0]).toBeCloseTo(0.6418, 3);
    });

    test('an interrupt cancels a batch', async () => {
      const sleep = language === 'R' ? 'Sys.sleep(60)' : 'import time; time.sleep(60)';
      await kernel.ok(`%%publish Slow 1 --no-snapshot --inputs x:numeric\n${sleep}`);
      const controller = new AbortController();
      const client = site.client();

      const running = kernel.run('%%consume --batch Slow 1\n[{"x": 1}]', {
        signal: controller.signal,
      });
      await expect.poll(() => client.webService.listBatches('Slow', '1')).toHaveLength(1);
      controller.abort();
      const { result } = await running;

      expect(result).toMatchObject({ status: 'error' });
      // Interrupted before the id of the batch had come, it is cancelled when it comes.
      await expect.poll(() => client.webService.listBatches('Slow', '1')).toEqual([]);
      await client.close();
    });
  },
);

describe.skipIf(isMissing('R')).each(MODES)('data of R packages, in %s', (mode) => {
  test('go into a service by name, and leave no trace', async () => {
    const site = await TestSite.start();
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok(
      '%%publish Rows 1 --no-snapshot --inputs df:data.frame --outputs n:integer\nn <- nrow(df)',
    );

    const called = await kernel.ok('%consume Rows 1 df=$mtcars');
    const missing = await kernel.run('%consume Rows 1 df=$nowhere');
    const left = await kernel.ok('ls(all.names = TRUE)');
    await site.close();

    expect(called.values).toEqual([32]);
    expect(missing.result).toMatchObject({ ename: 'BRIDGE_OBJECT_NOT_FOUND' });
    expect(left.value).toBe('character(0)');
  });
});

describe.skipIf(isMissing('R', 'jupyter'))('the lines that call a service', () => {
  let site: TestSite;

  beforeAll(async () => {
    site = await TestSite.start();
  });

  afterAll(async () => {
    await site.close();
  });

  test('work as they are once there is a token', async () => {
    const kernel = await site.kernel({ language: 'R', mode: 'plain' });
    const { displays } = await kernel.ok(
      '%%publish Greet 1 --no-snapshot --inputs who:character --outputs text:character --test who="O\'Neil é"\ntext <- paste("Hello", who)',
    );
    const card = String(displays[0]?.['text/plain']);
    const login = await fetch(`${site.url}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'ada', password: 'correct horse' }),
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const lines = (title: string): string =>
      (new RegExp(`\n${title}:\n([\\s\\S]*?)(?=\n\n|$)`).exec(card)?.[1] ?? '').replace(
        '<access token>',
        token,
      );
    const run = async (command: string, ...parameters: string[]): Promise<string> =>
      (await promisify(execFile)(command, parameters)).stdout;

    const answers = await Promise.all([
      run('sh', '-c', lines('curl')),
      run(venvBin('python'), '-c', lines('Python')),
      run('Rscript', '-e', lines('R')),
    ]);

    expect(card).not.toContain(token);
    for (const answer of answers) expect(answer).toContain("Hello O'Neil é");
  });
});
