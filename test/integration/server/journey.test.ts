// The journey of Microsoft's articles over plain REST, with real R and real Python behind the server.
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isMissing } from '../../helpers/requirements.js';
import { unzip } from '../../helpers/zip.js';
import { startRealServer, type RealTestServer } from './harness.js';

const LONG_MS = 120_000;

let dataDirectory: string;
let server: RealTestServer;
let token: string;

async function start(): Promise<void> {
  server = await startRealServer(dataDirectory);
  token = await server.token();
}

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-journey-'));
  await start();
});

afterEach(async () => {
  await server.close();
});

async function snapshot(id: string, name: string): Promise<string> {
  const { statusCode, body } = await server.call<{ snapshotId: string }>(
    'POST',
    `/sessions/${id}/snapshot`,
    { token, body: { name } },
  );
  expect(statusCode).toBe(201);
  return body.snapshotId;
}

async function namesInZip(snapshotId: string): Promise<string[]> {
  const { body } = await server.call<Buffer>('GET', `/snapshots/${snapshotId}`, { token });
  return Object.keys(await unzip(body)).sort();
}

const succeeded = { success: true, errorMessage: '', consoleOutput: '', changedFiles: [] };

describe.skipIf(isMissing('jupyter'))('Python', () => {
  test(
    'the article’s three executes, the snapshot and its restore',
    async () => {
      const status = await server.call('GET', '/status', { token });
      expect(status.body).toMatchObject({ statusCode: 'pass' });
      const id = await server.session(token, { name: 'Session 1', runtimeType: 'Python' });

      const imports = await server.execute(token, id, {
        code: 'from sklearn import svm\nfrom sklearn import datasets',
      });
      const model = await server.execute(token, id, {
        code: "clf=svm.SVC()\niris=datasets.load_iris()\nnames={0:'I. setosa',1:'I. versicolor',2:'I. virginica'}",
      });
      const prediction = {
        // The article passes one flower as it is; scikit-learn has asked for rows of them since 0.19.
        code: 'clf.fit(iris.data, iris.target)\nresult=clf.predict([variety_1])\nother_result=clf.predict([variety_2])',
        inputParameters: [
          { name: 'variety_1', value: [7, 3.2, 4.7, 1.4] },
          { name: 'variety_2', value: [3, 2.6, 3, 2.5] },
        ],
        outputParameters: ['result', 'other_result'],
      };
      const predicted = await server.execute(token, id, prediction);

      expect(imports.body).toEqual({ ...succeeded, outputParameters: [] });
      expect(model.body).toEqual({ ...succeeded, outputParameters: [] });
      expect(predicted.body).toMatchObject({
        success: true,
        outputParameters: [
          { name: 'result', value: [1] },
          { name: 'other_result', value: [1] },
        ],
      });

      const snapshotId = await snapshot(id, 'Iris Snapshot');
      await server.call('DELETE', `/sessions/${id}`, { token });
      await server.close({ keepData: true });
      await start();
      const listed = await server.call('GET', '/snapshots', { token });
      expect(listed.body).toMatchObject([{ id: snapshotId, name: 'Iris Snapshot' }]);
      expect(await namesInZip(snapshotId)).toContain('workspace.dill');

      const restored = await server.session(token, { runtimeType: 'Python', snapshotId });
      const species = await server.execute(token, restored, {
        code: 'iris_species = [names[x] for x in clf.predict([flower_data])]',
        inputParameters: [{ name: 'flower_data', value: [5.1, 3.5, 1.4, 0.2] }],
        outputParameters: ['iris_species', 'variety_1'],
      });
      expect(species.body).toEqual({
        ...succeeded,
        outputParameters: [
          { name: 'iris_species', value: ['I. setosa'] },
          { name: 'variety_1', value: [7, 3.2, 4.7, 1.4] },
        ],
      });
    },
    LONG_MS,
  );
});

describe.skipIf(isMissing('R'))('R', () => {
  const TRANSMISSION =
    'newdata <- data.frame(hp = hp, wt = wt)\nanswer <- as.numeric(predict(carsModel, newdata, type = "response"))';
  const inputs = [
    { name: 'hp', value: 120 },
    { name: 'wt', value: 2.8 },
  ];

  test(
    'Microsoft’s acceptance order: model, prediction, file, snapshot, restore',
    async () => {
      const id = await server.session(token, {});
      const model = await server.execute(token, id, {
        code: 'carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)\nwrite.csv(mtcars[1:2, 1:2], "cars.csv")\nprint(5L)',
      });

      expect(model.body).toEqual({
        success: true,
        errorMessage: '',
        outputParameters: [],
        consoleOutput: '[1] 5\n',
        changedFiles: ['cars.csv'],
      });
      const answered = await server.execute(token, id, {
        code: TRANSMISSION,
        inputParameters: inputs,
        outputParameters: ['answer'],
      });
      expect(answered.body.outputParameters?.[0]?.value).toBeCloseTo(0.6418125, 6);
      const file = await server.call<Buffer>('GET', `/sessions/${id}/files/cars.csv`, { token });
      expect(file.body.toString().split('\n')[0]).toBe('"","mpg","cyl"');

      const snapshotId = await snapshot(id, 'Cars');
      expect(await namesInZip(snapshotId)).toEqual(
        expect.arrayContaining(['files/cars.csv', 'workspace.RData']),
      );
      const restored = await server.session(token, { snapshotId });
      const again = await server.execute(token, restored, {
        code: TRANSMISSION,
        inputParameters: inputs,
        outputParameters: ['answer'],
      });
      expect(again.body.outputParameters).toEqual(answered.body.outputParameters);
      const files = await server.call('GET', `/sessions/${restored}/files`, { token });
      expect(files.body).toEqual(['cars.csv']);
      const history = await server.call('GET', `/sessions/${restored}/history`, { token });
      expect(history.body).toEqual([TRANSMISSION]);
    },
    LONG_MS,
  );

  test(
    'console output comes while the code runs, cancel stops it, and the workspace stays',
    async () => {
      const id = await server.session(token, {});
      await server.execute(token, id, { code: 'x <- 1' });
      const watcher = await server.watch(token, id);

      const firstText = new Promise<void>((resolve) => {
        watcher.socket.once('message', () => {
          resolve();
        });
      });
      const running = server.execute(token, id, { code: 'cat("begun\\n")\nSys.sleep(60)' });
      await firstText;
      const during = await server.call('GET', `/sessions/${id}/console-output`, { token });
      await server.call('POST', `/sessions/${id}/cancel`, { token });
      const stopped = await running;

      expect(during.body).toEqual({ consoleOutput: 'begun\n' });
      expect(stopped.body.success).toBe(false);
      const after = await server.execute(token, id, { code: '', outputParameters: ['x'] });
      expect(after.body.outputParameters).toEqual([{ name: 'x', value: 1 }]);
    },
    LONG_MS,
  );

  test(
    'an object goes out as .RData and comes back in another session',
    async () => {
      const [from, to] = [await server.session(token), await server.session(token)];
      await server.execute(token, from, { code: 'f <- function(x) x * factor\nfactor <- 3' });

      for (const name of ['f', 'factor']) {
        const { body } = await server.call<Buffer>('GET', `/sessions/${from}/workspace/${name}`, {
          token,
        });
        const set = await server.call('POST', `/sessions/${to}/workspace/${name}`, {
          token,
          body,
          headers: { 'content-type': 'application/octet-stream' },
        });
        expect(set.statusCode).toBe(200);
      }

      const { body } = await server.execute(token, to, {
        code: 'y <- f(14)',
        outputParameters: ['y'],
      });
      expect(body.outputParameters).toEqual([{ name: 'y', value: 42 }]);
      const objects = await server.call('GET', `/sessions/${to}/workspace`, { token });
      expect(objects.body).toEqual(['f', 'factor', 'y']);
    },
    LONG_MS,
  );

  test(
    'a process that ends answers with its exit, and the session is gone',
    async () => {
      const id = await server.session(token, {});

      const { statusCode, body } = await server.execute(token, id, {
        code: 'tools::pskill(Sys.getpid(), 9)\nSys.sleep(60)',
      });

      expect(statusCode).toBe(410);
      expect(body.message).toContain('The R process of the session has ended (signal SIGKILL).');
      expect((await server.execute(token, id, { code: '1' })).statusCode).toBe(404);
    },
    LONG_MS,
  );
});
