// Realtime services over HTTP: what is refused, on fake runtimes; and models scored by real R and real Python.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isMissing } from '../../helpers/requirements.js';
import {
  startRealServer,
  startServer,
  type Answer,
  type RealTestServer,
  type TestClient,
  type TestServer,
} from './harness.js';

const LONG_MS = 180_000;

let client: TestClient;
let token: string;

const send = (method: string, route: string, body?: unknown): Promise<Answer> =>
  client.call(method, route, { token, ...(body !== undefined && { body }) });

/** A multipart body, its parts in the given order. */
function form(parts: Readonly<Record<string, string | Buffer>>): Buffer {
  const pieces = Object.entries(parts).map(([name, content]) => {
    const file = typeof content === 'string' ? '' : '; filename="model.bin"';
    const head = `--b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')]);
  });
  return Buffer.concat([...pieces, Buffer.from('--b--\r\n')]);
}

const sendForm = (
  method: string,
  route: string,
  parts: Readonly<Record<string, string | Buffer>>,
): Promise<Answer> =>
  client.call(method, `/realtime-services/${route}`, {
    token,
    body: form(parts),
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });

/** Starts as what serialize() writes. */
const MODEL = Buffer.from('X\n\0\0\0\x02');

describe('publishing', () => {
  let server: TestServer;

  beforeEach(async () => {
    client = server = await startServer();
    token = await client.token();
  });

  afterEach(async () => {
    await server.close();
  });

  test('a model is listed as a service without code, with a fixed input and output', async () => {
    const published = await sendForm('POST', 'Score/1', {
      description: 'Scores',
      model: MODEL,
      operationId: 'score',
    });

    expect([published.statusCode, published.body]).toEqual([201, '1']);
    expect((await send('GET', '/services/Score/1')).body).toEqual([
      {
        name: 'Score',
        version: '1',
        versionPublishedBy: 'admin',
        creationTime: expect.any(String) as string,
        runtimeType: 'Realtime',
        description: 'Scores',
        operationId: 'score',
        inputParameterDefinitions: [{ name: 'inputData', type: 'data.frame' }],
        outputParameterDefinitions: [{ name: 'outputData', type: 'data.frame' }],
        outputFileNames: [],
        myPermissionOnService: 'read/write',
      },
    ]);
    expect(server.runtimes.runtimes.every(({ isClosed }) => isClosed)).toBe(true);
  });

  test('without a version it gets a GUID; an existing version is a conflict', async () => {
    const first = await sendForm('POST', 'Score', { model: MODEL });
    const second = await sendForm('POST', `Score/${String(first.body)}`, { model: MODEL });

    expect([first.statusCode, first.body]).toEqual([
      201,
      expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    ]);
    expect([second.statusCode, second.body]).toMatchObject([409, { code: 'API_SERVICE_EXISTS' }]);
  });

  test('its calls are one after the other, in a process that stays', async () => {
    await sendForm('POST', 'Score/1', { model: MODEL });

    await send('POST', '/api/Score/1', { inputData: { a: [1] } });

    expect(server.runtimes.services[0]?.image.isolation).toBe('resident');
    const wrong = await send('POST', '/api/Score/1', { inputData: [1, 2] });
    expect([wrong.statusCode, wrong.body]).toMatchObject([400, { fields: 'inputData' }]);
  });

  test.each([
    ['of rxSerializeModel', { model: Buffer.from('blob\x01\x02') }, 400, 'API_PROPRIETARY_MODEL'],
    ['without bytes', { model: Buffer.alloc(0) }, 400, 'API_BAD_MODEL'],
    ['that is no file', { model: 'text' }, 400, 'API_BAD_REQUEST'],
    ['that is not there', { description: 'x' }, 400, 'API_BAD_REQUEST'],
  ])('a model %s is refused', async (_what, parts, statusCode, code) => {
    const answer = await sendForm('POST', 'Score/1', parts);

    expect([answer.statusCode, answer.body]).toMatchObject([statusCode, { code }]);
    expect((await send('GET', '/services')).body).toEqual([]);
  });

  test('a body that is no form is refused', async () => {
    const answer = await send('POST', '/realtime-services/Score/1', { model: 'x' });

    expect([answer.statusCode, answer.body]).toMatchObject([415, { code: 'API_MEDIA_TYPE' }]);
  });

  test('a patch changes the texts, or the model, and the language with it', async () => {
    await sendForm('POST', 'Score/1', { model: MODEL, description: 'old', operationId: 'score' });
    await send('POST', '/api/Score/1', { inputData: { a: [1] } });

    const described = await sendForm('PATCH', 'Score/1', { description: 'new' });
    const replaced = await sendForm('PATCH', 'Score/1', {
      model: Buffer.from('\x80\x04', 'latin1'),
    });
    await send('POST', '/api/Score/1', { inputData: { a: [1] } });

    expect([described.statusCode, described.body, replaced.statusCode]).toEqual([200, '1', 200]);
    expect((await send('GET', '/services/Score/1')).body).toMatchObject([
      { description: 'new', operationId: 'score' },
    ]);
    expect(server.runtimes.services.map(({ image }) => image.runtimeType)).toEqual(['R', 'Python']);
  });

  test('each kind of service is changed under its own path', async () => {
    await sendForm('POST', 'Score/1', { model: MODEL });
    await send('POST', '/services/Code/1', { code: '' });

    const answers = [
      await send('PATCH', '/services/Score/1', { code: 'x' }),
      await sendForm('PATCH', 'Code/1', { description: 'x' }),
    ];

    expect(answers.map(({ statusCode, body }) => [statusCode, body])).toMatchObject([
      [400, { code: 'API_BAD_REQUEST' }],
      [400, { code: 'API_BAD_REQUEST' }],
    ]);
  });
});

describe('scoring', () => {
  let real: RealTestServer;

  beforeAll(async () => {
    client = real = await startRealServer();
    token = await client.token();
  });

  afterAll(async () => {
    await real.close();
  });

  /** Files which code in a session has written. */
  async function filesOf(
    runtimeType: string,
    code: string,
    names: readonly string[],
  ): Promise<Buffer[]> {
    const id = await client.session(token, { runtimeType });
    const { body } = await client.execute(token, id, { code });
    expect(body.errorMessage).toBe('');
    const contents: Buffer[] = [];
    for (const name of names) {
      const file = await client.call<Buffer>('GET', `/sessions/${id}/files/${name}`, { token });
      contents.push(file.body);
    }
    await send('DELETE', `/sessions/${id}`);
    return contents;
  }

  async function scoresOf(model: Buffer, inputData: object): Promise<unknown> {
    const published = await sendForm('POST', 'Model/1', { model });
    expect([published.statusCode, published.body]).toEqual([201, '1']);
    const { body } = await send('POST', '/api/Model/1', { inputData });
    await send('DELETE', '/services/Model/1');
    expect(body).toMatchObject({ success: true, errorMessage: '', changedFiles: [] });
    return (body as { outputParameters: { outputData: unknown } }).outputParameters.outputData;
  }

  describe.skipIf(isMissing('R'))('models of R', () => {
    test(
      'one model in every form that R writes',
      async () => {
        const names = ['plain', 'gzip', 'bzip2', 'xz', 'text', 'rdata', 'none'];
        const models = await filesOf(
          'R',
          `model <- glm(am ~ hp + wt, data = mtcars, family = binomial)
writeBin(serialize(model, NULL), "plain")
for (kind in c("gzip", "bzip2", "xz")) saveRDS(model, kind, compress = kind)
saveRDS(model, "text", ascii = TRUE)
saveRDS(model, "none", compress = FALSE)
save(model, file = "rdata")`,
          names,
        );

        for (const [index, model] of models.entries()) {
          const columns = await scoresOf(model, { hp: [120, 200], wt: [2.8, 3.5] });
          expect([names[index], columns]).toEqual([
            names[index],
            { am_Pred: [expect.closeTo(0.6418125, 6), expect.closeTo(0.1020414, 6)] },
          ]);
        }
      },
      LONG_MS,
    );

    test(
      'strings become the factors of the model; columns that it does not use are passed over',
      async () => {
        const [linear = Buffer.of(), several = Buffer.of()] = await filesOf(
          'R',
          `kept <- data.frame(y = c(1, 2, 3, 4), kind = factor(c("a", "b", "a", "b")))
saveRDS(lm(y ~ kind, data = kept), "linear")
saveRDS(lm(cbind(twice, thrice) ~ x, data = data.frame(x = 1:4, twice = 2 * 1:4, thrice = 3 * 1:4)), "several")`,
          ['linear', 'several'],
        );

        expect(await scoresOf(linear, { kind: ['b', 'a'], y: [0, 0], z: ['x', 'y'] })).toEqual({
          y_Pred: [expect.closeTo(3), expect.closeTo(2)],
        });
        expect(await scoresOf(several, { x: [10] })).toEqual({
          twice: [expect.closeTo(20)],
          thrice: [expect.closeTo(30)],
        });
      },
      LONG_MS,
    );

    test(
      'a value that the model does not know is an error in words',
      async () => {
        const [model = Buffer.of()] = await filesOf(
          'R',
          'saveRDS(lm(breaks ~ wool, data = warpbreaks), "model")',
          ['model'],
        );
        await sendForm('POST', 'Model/2', { model });

        const { statusCode, body } = await send('POST', '/api/Model/2', {
          inputData: { wool: ['A', 'Z'] },
        });

        expect([statusCode, body]).toMatchObject([200, { success: false }]);
        expect((body as { errorMessage: string }).errorMessage).toContain(
          'column wool has values which the model does not know: Z',
        );
      },
      LONG_MS,
    );

    test(
      'what is no model is refused in R’s words',
      async () => {
        const [numbers = Buffer.of()] = await filesOf('R', 'saveRDS(1:3, "numbers")', ['numbers']);

        const answer = await sendForm('POST', 'Model/3', { model: numbers });

        expect([answer.statusCode, answer.body]).toMatchObject([400, { code: 'API_BAD_MODEL' }]);
        expect((answer.body as { message: string }).message).toContain(
          'there is no predict() for an object of class integer',
        );
      },
      LONG_MS,
    );
  });

  describe.skipIf(isMissing('jupyter'))('models of Python', () => {
    test(
      'one model in every form that Python writes',
      async () => {
        const names = ['old', 'dill', 'zlib', 'gzip', 'xz'];
        const models = await filesOf(
          'Python',
          `import dill, gzip, joblib, pickle
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit([[0, 1], [1, 0], [2, 5], [3, 3]], [1, 3, 5, 7])
with open("old", "wb") as file:
    pickle.dump(model, file, protocol=0)
with open("dill", "wb") as file:
    dill.dump(model, file)
with gzip.open("gzip", "wb") as file:
    pickle.dump(model, file)
for kind in ("zlib", "xz"):
    joblib.dump(model, kind, compress=(kind, 3))`,
          names,
        );

        for (const [index, model] of models.entries()) {
          const columns = await scoresOf(model, { a: [10, 20], b: [1, 2] });
          expect([names[index], columns]).toEqual([
            names[index],
            { Score: [expect.closeTo(21), expect.closeTo(41)] },
          ]);
        }
      },
      LONG_MS,
    );

    test(
      'a classifier tells labels and, where it can, probabilities; columns go by name',
      async () => {
        const [certain = Buffer.of(), likely = Buffer.of()] = await filesOf(
          'Python',
          `import joblib
from sklearn import datasets, svm
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
flowers = datasets.load_iris(as_frame=True)
labels = [flowers.target_names[index] for index in flowers.target]
joblib.dump(svm.SVC().fit(flowers.data.values, labels), "certain")
joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(flowers.data, labels), "likely")`,
          ['certain', 'likely'],
        );
        const flower = {
          'petal width (cm)': [0.2],
          'petal length (cm)': [1.4],
          'sepal width (cm)': [3.5],
          'sepal length (cm)': [5.1],
          colour: ['blue'],
        };

        expect(await scoresOf(certain, { a: [7], b: [3.2], c: [4.7], d: [1.4] })).toEqual({
          PredictedLabel: ['versicolor'],
        });
        expect(await scoresOf(likely, flower)).toEqual({
          PredictedLabel: ['setosa'],
          'Probability.setosa': [expect.closeTo(0.98, 1)],
          'Probability.versicolor': [expect.closeTo(0, 1)],
          'Probability.virginica': [expect.closeTo(0, 1)],
        });
      },
      LONG_MS,
    );

    test(
      'a missing column, and what is no model, are told in words',
      async () => {
        const [model = Buffer.of(), text = Buffer.of()] = await filesOf(
          'Python',
          `import pandas, pickle
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit(pandas.DataFrame({"a": [1, 2], "b": [0, 1]}), [1, 2])
for name, value in (("model", model), ("text", "no model")):
    with open(name, "wb") as file:
        pickle.dump(value, file)`,
          ['model', 'text'],
        );
        await sendForm('POST', 'Model/4', { model });

        const scored = await send('POST', '/api/Model/4', { inputData: { a: [1] } });
        const published = await sendForm('POST', 'Model/5', { model: text });

        expect((scored.body as { errorMessage: string }).errorMessage).toContain(
          'inputData lacks the columns b',
        );
        expect([published.statusCode, published.body]).toMatchObject([
          400,
          { code: 'API_BAD_MODEL' },
        ]);
        expect((published.body as { message: string }).message).toContain('has no predict()');
      },
      LONG_MS,
    );
  });
});
