// The two services that are measured, published on a server.
import type { ServerProcess } from '../server/server-process.js';

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

/** Publishes both. */
export async function publishServices(server: ServerProcess): Promise<void> {
  const numeric = (name: string): object => ({ name, type: 'numeric' });
  for (const [name, { inputs, ...service }] of Object.entries(SERVICES)) {
    await server.call('POST', `/services/${name}/1.0`, {
      ...service,
      inputParameterDefinitions: inputs.map(numeric),
      outputParameterDefinitions: [numeric('answer')],
    });
  }
}
