import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ApiError } from '../../../../src/server/errors.js';
import { languagesOf } from '../../../../src/server/realtime/model-format.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const SERIALIZED = bytes('X\n\0\0\0\x03');
const PICKLED = bytes('\x80\x04\x95');

test.each([
  ['serialize()', SERIALIZED, ['R']],
  ['serialize(ascii = TRUE)', bytes('A\n3\n'), ['R']],
  ['saveRDS()', gzipSync(SERIALIZED), ['R']],
  ['save()', gzipSync(bytes('RDX3\nX\n')), ['R']],
  ['pickle', PICKLED, ['Python']],
  ['pickle in gzip', gzipSync(PICKLED), ['Python']],
  ['joblib, compressed', deflateSync(PICKLED), ['Python']],
  ['bzip2, which both write', bytes('BZh91AY'), ['R', 'Python']],
  ['xz, which both write', bytes('\xfd7zXZ\0'), ['R', 'Python']],
  ['pickle of protocol 0', bytes('ccopy_reg\n'), ['Python', 'R']],
  ['broken gzip', bytes('\x1f\x8bnothing'), ['Python', 'R']],
])('%s', (_what, model, languages) => {
  expect(languagesOf(model)).toEqual(languages);
});

test('a large compressed model is only glanced at', () => {
  const model = gzipSync(Buffer.concat([SERIALIZED, Buffer.alloc(5_000_000, 'model')]));

  expect(languagesOf(model)).toEqual(['R']);
});

test.each([
  ['of the maker', bytes('blob\x01'), 'API_PROPRIETARY_MODEL'],
  ['empty', bytes(''), 'API_BAD_MODEL'],
])('a model that is %s is refused', (_what, model, code) => {
  expect(() => languagesOf(model)).toThrow(ApiError);
  expect(() => languagesOf(model)).toThrow(expect.objectContaining({ code }) as Error);
});
