// The Swagger file of a service: as recorded, and as genuine servers made theirs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { swaggerOf } from '../../../../src/server/services/swagger.js';
import type { ServiceRecord } from '../../../../src/server/store/services.js';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const RECORDED = path.join(ROOT, 'test/fixtures/services');
const GENUINE = path.join(ROOT, '../shared/reference/swagger');

const BASE: ServiceRecord = {
  name: 'TxService',
  version: '1.0',
  revision: 'r',
  publishedBy: 'admin',
  createdAtMs: 0,
  kind: 'script',
  runtimeType: 'Python',
  snapshotId: undefined,
  contentId: undefined,
  code: '',
  initCode: '',
  description: 'My first python model',
  operationId: 'manualTransmission',
  inputs: [
    { name: 'hp', type: 'numeric' },
    { name: 'wt', type: 'numeric' },
  ],
  outputs: [{ name: 'answer', type: 'data.frame' }],
  outputFileNames: ['answer.csv'],
  pool: undefined,
};

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

test('a service with an alias and files', () => {
  expect(swaggerOf(BASE)).toEqual(readJson(path.join(RECORDED, 'swagger-with-files.json')));
});

test('a service with nothing but code', () => {
  const service = {
    ...BASE,
    description: '',
    operationId: '',
    inputs: [
      { name: 'flag', type: 'logical' },
      { name: 'word', type: 'str' },
      { name: 'rows', type: 'matrix' },
      { name: 'other', type: 'my.class' },
    ],
    outputs: [],
    outputFileNames: [],
  };

  expect(swaggerOf(service)).toEqual(readJson(path.join(RECORDED, 'swagger-plain.json')));
});

interface ParametersSchema {
  readonly properties: Readonly<Record<string, { readonly description: string }>>;
}

interface GenuineDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<
    Record<string, { readonly post?: { readonly operationId: string } } | undefined>
  >;
  readonly definitions: Readonly<Record<string, ParametersSchema>>;
}

/** The service that a genuine server would have made the document of. */
function serviceOf({ info, paths, definitions }: GenuineDocument): ServiceRecord {
  const parametersOf = (name: string): ServiceRecord['inputs'] =>
    Object.entries(definitions[name]?.properties ?? {}).map(([parameter, { description }]) => ({
      name: parameter,
      type: description,
    }));
  return {
    ...BASE,
    name: info.title,
    version: info.version,
    description: info.description,
    operationId: paths[`/api/${info.title}/${info.version}`]?.post?.operationId ?? '',
    inputs: parametersOf('InputParameters'),
    outputs: parametersOf('OutputParameters'),
    outputFileNames:
      'outputFiles' in (definitions['WebServiceResult']?.properties ?? {}) ? ['a'] : [],
  };
}

/** Before 9.2.1 the revocation had the token in its path, and 9.0.1 named its own host: see docs/rest-api.md. */
function withoutOldSlips(document: GenuineDocument): unknown {
  const { paths, ...rest } = Object.fromEntries(
    Object.entries(document).filter(([name]) => name !== 'host'),
  ) as unknown as GenuineDocument;
  const { '/login/refreshToken/{refreshToken}': byPath, ...others } = paths;
  if (byPath === undefined) return { ...rest, paths };
  const ours = swaggerOf(serviceOf(document)) as { paths: typeof paths };
  const renewal = { ...ours.paths['/login/refreshToken'], ...others['/login/refreshToken'] };
  return { ...rest, paths: { ...others, '/login/refreshToken': renewal } };
}

const isGenuineMissing = !existsSync(GENUINE);
if (isGenuineMissing) console.warn('skipped: the genuine Swagger files are not at hand');

describe.skipIf(isGenuineMissing)('as genuine servers made theirs', () => {
  const files = isGenuineMissing
    ? []
    : readdirSync(GENUINE).filter((name) => /service-swagger|TxService|dem108/.test(name));

  test('there are eight of them', () => {
    expect(files).toHaveLength(8);
  });

  test.each(files)('%s, field by field', (file) => {
    const document = readJson(path.join(GENUINE, file)) as GenuineDocument;

    expect(swaggerOf(serviceOf(document))).toEqual(withoutOldSlips(document));
  });
});
