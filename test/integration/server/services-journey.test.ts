// Publishing and consuming as in Microsoft's articles, over plain REST, with real R and real Python behind the server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebService } from '../../../src/api/index.js';
import { isMissing } from '../../helpers/requirements.js';
import { startRealServer, type Answer, type RealTestServer } from './harness.js';

const LONG_MS = 180_000;

let server: RealTestServer;
let token: string;

beforeAll(async () => {
  server = await startRealServer();
  token = await server.token();
});

afterAll(async () => {
  await server.close();
});

const send = (method: string, route: string, body?: unknown): Promise<Answer> =>
  server.call(method, route, { token, ...(body !== undefined && { body }) });

async function session(runtimeType: string, ...codes: string[]): Promise<string> {
  const id = await server.session(token, { name: 'Session 1', runtimeType });
  for (const code of codes) {
    expect((await server.execute(token, id, { code })).body).toMatchObject({ success: true });
  }
  return id;
}

async function snapshot(sessionId: string, name: string): Promise<string> {
  const { statusCode, body } = await send('POST', `/sessions/${sessionId}/snapshot`, { name });
  expect(statusCode).toBe(201);
  return (body as { snapshotId: string }).snapshotId;
}

const succeeded = {
  success: true,
  errorMessage: '',
  outputFiles: {},
  consoleOutput: '',
  changedFiles: [],
};

describe.skipIf(isMissing('jupyter'))('Python', () => {
  test(
    'the article: a model, its snapshot, two versions of a service, their calls, their end',
    async () => {
      const id = await session(
        'Python',
        'from sklearn import svm\nfrom sklearn import datasets',
        "clf=svm.SVC()\niris=datasets.load_iris()\nnames={0:'I. setosa',1:'I. versicolor',2:'I. virginica'}",
        'clf.fit(iris.data, iris.target)',
      );
      const snapshotId = await snapshot(id, 'Iris Snapshot');
      const inputParameterDefinitions = [{ name: 'flower_data', type: 'vector' }];

      // The article passes one flower as it is; scikit-learn has asked for rows of them since 0.19.
      const published = await send('POST', '/services/Iris/V1.0', {
        code: 'iris_species = [names[x] for x in clf.predict([flower_data])]',
        inputParameterDefinitions,
        outputParameterDefinitions: [{ name: 'iris_species', type: 'vector' }],
        runtimeType: 'Python',
        snapshotId,
      });
      expect([published.statusCode, published.body]).toEqual([201, 'V1.0']);
      const swagger = await send('GET', '/api/Iris/V1.0/swagger.json');
      expect(swagger.body).toMatchObject({
        definitions: {
          InputParameters: {
            properties: { flower_data: { type: 'array', description: 'vector' } },
          },
        },
      });
      for (const [flower, species] of [
        [[7, 3.2, 4.7, 1.4], 'I. versicolor'],
        [[5.1, 3.5, 1.4, 0.2], 'I. setosa'],
      ]) {
        expect((await send('POST', '/api/Iris/V1.0', { flower_data: flower })).body).toEqual({
          ...succeeded,
          outputParameters: { iris_species: [species] },
        });
      }

      const patched = await send('PATCH', '/services/Iris/V1.0', {
        description: 'Determines iris species using length and width of sepal and petal',
        runtimeType: 'Python',
      });
      expect(patched.statusCode).toBe(200);
      const second = await send('POST', '/services/Iris/V2.0', {
        code: 'iris_species = [names[x] for x in clf.predict([flower_data])][0]',
        inputParameterDefinitions,
        outputParameterDefinitions: [{ name: 'iris_species', type: 'string' }],
        runtimeType: 'Python',
        snapshotId,
      });
      expect(second.statusCode).toBe(201);
      await send('DELETE', `/snapshots/${snapshotId}`);
      await send('DELETE', `/sessions/${id}`);
      const answer = await send('POST', '/api/Iris/V2.0', { flower_data: [5.1, 3.5, 1.4, 0.2] });
      expect(answer.body).toEqual({
        ...succeeded,
        outputParameters: { iris_species: 'I. setosa' },
      });

      const listed = (await send('GET', '/services')).body as WebService[];
      expect(listed.map(({ name, version }) => [name, version])).toEqual([
        ['Iris', 'V1.0'],
        ['Iris', 'V2.0'],
      ]);
      for (const version of ['V1.0', 'V2.0']) {
        expect((await send('DELETE', `/services/Iris/${version}`)).statusCode).toBe(200);
      }
      expect((await send('POST', '/api/Iris/V1.0', {})).statusCode).toBe(404);
    },
    LONG_MS,
  );

  test(
    'Double: no session, no snapshot',
    async () => {
      const published = await send('POST', '/services/Double/V1.0', {
        code: 'y = x * 2',
        description: 'Doubles the input paramter',
        inputParameterDefinitions: [{ name: 'x', type: 'integer' }],
        outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
        runtimeType: 'Python',
      });
      const answer = await send('POST', '/api/Double/V1.0', { x: 5 });

      expect([published.statusCode, answer.statusCode]).toEqual([201, 200]);
      expect(answer.body).toEqual({ ...succeeded, outputParameters: { y: 10 } });
      await send('DELETE', '/services/Double/V1.0');
    },
    LONG_MS,
  );
});

describe.skipIf(isMissing('jupyter'))('inputs of declared types in Python', () => {
  test(
    'numbers are floats, matrices arrays of numpy, data frames those of pandas',
    async () => {
      await send('POST', '/services/Typed/1', {
        code: 'kinds = [type(value).__module__ + "." + type(value).__name__ for value in (n, i, s, v, m, d)]\nmean = d["a"].mean() + m.sum() + n',
        inputParameterDefinitions: Object.entries({
          n: 'numeric',
          i: 'integer',
          s: 'str',
          v: 'vector',
          m: 'matrix',
          d: 'data.frame',
        }).map(([name, type]) => ({ name, type })),
        outputParameterDefinitions: [
          { name: 'kinds', type: 'vector' },
          { name: 'mean', type: 'numeric' },
        ],
        runtimeType: 'Python',
      });

      const answer = await send('POST', '/api/Typed/1', {
        n: 120,
        i: 5,
        s: 'x',
        v: [1, 2],
        m: [
          [1, 2],
          [3, 4],
        ],
        d: { a: [1, 3], b: ['x', 'y'] },
      });

      expect(answer.body).toMatchObject({
        success: true,
        outputParameters: {
          kinds: [
            'builtins.float',
            'builtins.int',
            'builtins.str',
            'builtins.list',
            'numpy.ndarray',
            expect.stringMatching(/^pandas\..*DataFrame$/) as string,
          ],
          mean: 132,
        },
      });
      await send('DELETE', '/services/Typed/1');
    },
    LONG_MS,
  );
});

describe.skipIf(isMissing('R'))('R', () => {
  test(
    'numbers of a declared type are doubles, which do not overflow as integers do',
    async () => {
      await send('POST', '/services/Squares/1', {
        code: 'kinds <- c(typeof(n), typeof(i), typeof(l), class(d), class(m)[1])\ny <- n * n',
        inputParameterDefinitions: Object.entries({
          n: 'numeric',
          i: 'integer',
          l: 'logical',
          d: 'data.frame',
          m: 'matrix',
        }).map(([name, type]) => ({ name, type })),
        outputParameterDefinitions: [
          { name: 'kinds', type: 'vector' },
          { name: 'y', type: 'numeric' },
        ],
      });

      const inputs = { i: 5, l: true, d: { a: [1], b: ['x'] }, m: [[1, 2]] };
      const answers = [
        await send('POST', '/api/Squares/1', { ...inputs, n: 100_000 }),
        await send('POST', '/api/Squares/1', { ...inputs, n: '-Inf' }),
      ];

      const kinds = ['double', 'integer', 'logical', 'data.frame', 'matrix'];
      expect(answers.map(({ body }) => body)).toEqual([
        { ...succeeded, outputParameters: { kinds, y: 1e10 } },
        { ...succeeded, outputParameters: { kinds, y: 'Inf' } },
      ]);
      await send('DELETE', '/services/Squares/1');
    },
    LONG_MS,
  );

  const TRANSMISSION = `answer <- (function (hp, wt) {
  newdata <- data.frame(hp = hp, wt = wt)
  predict(carsModel, newdata, type = "response")
})(hp, wt)
write.csv(answer, "answer.csv", row.names = FALSE)`;

  test(
    'Microsoft’s acceptance order: the manual-transmission service answers 0.6418125',
    async () => {
      expect((await send('GET', '/status')).body).toMatchObject({ statusCode: 'pass' });
      const id = await session(
        'R',
        'carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)',
      );
      const snapshotId = await snapshot(id, 'Cars');
      const published = await send('POST', '/services/ManualTransmissionService/v1.0.0', {
        code: TRANSMISSION,
        description: '',
        operationId: 'manualTransmission',
        inputParameterDefinitions: [
          { name: 'hp', type: 'numeric' },
          { name: 'wt', type: 'numeric' },
        ],
        outputParameterDefinitions: [{ name: 'answer', type: 'numeric' }],
        outputFileNames: ['answer.csv', 'image.png'],
        runtimeType: 'R',
        snapshotId,
      });
      expect(published.statusCode).toBe(201);
      await send('DELETE', `/snapshots/${snapshotId}`);
      await send('DELETE', `/sessions/${id}`);

      const swagger = (await send('GET', '/api/ManualTransmissionService/v1.0.0/swagger.json'))
        .body as { paths: Record<string, { post: { operationId: string } }> };
      const answer = await send('POST', '/api/ManualTransmissionService/v1.0.0', {
        hp: 120,
        wt: 2.8,
      });

      expect(swagger.paths['/api/ManualTransmissionService/v1.0.0']?.post.operationId).toBe(
        'manualTransmission',
      );
      expect(answer.statusCode).toBe(200);
      const { outputParameters, outputFiles, ...rest } = answer.body as {
        outputParameters: { answer: number };
        outputFiles: Record<string, string | null>;
      };
      expect(outputParameters.answer).toBeCloseTo(0.6418125, 7);
      expect(rest).toEqual({
        success: true,
        errorMessage: '',
        consoleOutput: '',
        changedFiles: ['answer.csv'],
      });
      expect(outputFiles['image.png']).toBeNull();
      expect(Buffer.from(outputFiles['answer.csv'] ?? '', 'base64').toString()).toMatch(
        /^"x"\n0\.64181/,
      );

      const failed = await send('POST', '/api/ManualTransmissionService/v1.0.0', { hp: 120 });
      expect([failed.statusCode, failed.body]).toMatchObject([200, { success: false }]);
      await send('DELETE', '/services/ManualTransmissionService/v1.0.0');
    },
    LONG_MS,
  );

  test(
    'calls at the same time cannot see one another',
    async () => {
      await send('POST', '/services/Isolated/1', {
        initCode: 'seen <- 0; note <- function(x) { seen <<- seen + x; seen }',
        code: 'writeLines(as.character(x), "mine.txt")\ny <- note(x) + length(dir()) - 1',
        inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
        outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      });
      const numbers = Array.from({ length: 40 }, (_, index) => index);

      const answers = await Promise.all(numbers.map((x) => send('POST', '/api/Isolated/1', { x })));

      expect(answers.map(({ body }) => body)).toEqual(
        numbers.map((y) => ({
          ...succeeded,
          outputParameters: { y },
          changedFiles: ['mine.txt'],
        })),
      );
      await send('DELETE', '/services/Isolated/1');
    },
    LONG_MS,
  );
});
