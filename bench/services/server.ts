// The embedded server with both services, in a process of its own: `server.ts <data directory> <python>` prints a line
// of JSON with its URL and a token.
import path from 'node:path';
import { createRuntimePool } from '../../src/runtimes/index.js';
import { createSecretVerifier, createServer } from '../../src/server/index.js';

const SERVICES = {
  manualTransmission: {
    runtimeType: 'R',
    initCode: [
      'carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)',
      'manualTransmission <- function(hp, wt) {',
      '  newdata <- data.frame(hp = hp, wt = wt)',
      '  predict(carsModel, newdata, type = "response")',
      '}',
    ].join('\n'),
    code: 'answer <- manualTransmission(hp, wt)',
    inputs: ['hp', 'wt'],
  },
  classify: {
    runtimeType: 'Python',
    initCode: [
      'from sklearn import datasets, svm',
      'iris = datasets.load_iris()',
      'classifier = svm.SVC(gamma=0.001, C=100.0)',
      'classifier.fit(iris.data, iris.target)',
      'def classify(a, b, c, d):',
      '    return int(classifier.predict([[a, b, c, d]])[0])',
    ].join('\n'),
    code: 'answer = classify(a, b, c, d)',
    inputs: ['a', 'b', 'c', 'd'],
  },
};

const [dataDirectory = '', python = 'python3'] = process.argv.slice(2);
const runtimes = createRuntimePool({
  r: { warmCount: 0 },
  python: { command: python, warmCount: 0 },
  workRoot: path.join(dataDirectory, 'work'),
  env: process.env,
});
const server = await createServer({
  dataDirectory,
  runtimes,
  accounts: createSecretVerifier('admin', 'bench'),
  version: '0.0.0',
});
const url = await server.listen({ host: '127.0.0.1', port: 0 });
const { access_token: token } = await post('/login', { username: 'admin', password: 'bench' });
const numeric = (name: string): object => ({ name, type: 'numeric' });
for (const [name, { inputs, ...service }] of Object.entries(SERVICES)) {
  await post(`/services/${name}/1.0`, {
    ...service,
    inputParameterDefinitions: inputs.map(numeric),
    outputParameterDefinitions: [numeric('answer')],
  });
}
console.log(JSON.stringify({ url, token }));

process.once('SIGTERM', () => {
  void server
    .close()
    .then(() => runtimes.close())
    .then(() => process.exit(0));
});

async function post(route: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(url + route, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(route === '/login' ? {} : { authorization: `Bearer ${String(token)}` }),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return (await answer.json().catch(() => ({}))) as Record<string, unknown>;
}
