import { expect, test } from 'vitest';
import { writeMultipart } from '../../../src/client/multipart.js';

const textOf = (form: ReturnType<typeof writeMultipart>): string => {
  const boundary = /boundary=(.+)$/.exec(form.contentType)?.[1] ?? '?';
  return (form.body as Buffer).toString().replaceAll(boundary, 'B');
};

test('fields come before the file, absent ones are left out', () => {
  const form = writeMultipart(
    { description: 'd', operationId: undefined },
    { field: 'model', fileName: 'm.bin', content: Buffer.from('blob') },
  );

  expect(textOf(form).split('\r\n')).toEqual([
    '--B',
    'Content-Disposition: form-data; name="description"',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'd',
    '--B',
    'Content-Disposition: form-data; name="model"; filename="m.bin"',
    'Content-Type: application/octet-stream',
    '',
    'blob',
    '--B--',
    '',
  ]);
});

test('a form without a file is still a form', () => {
  expect(textOf(writeMultipart({}, undefined))).toBe('--B--\r\n');
});

test.each([
  ['a"b\\c.csv', `filename="a\\"b\\\\c.csv"; filename*=UTF-8''a%22b%5Cc.csv`],
  ["é'(1).csv", `filename="é'(1).csv"; filename*=UTF-8''%C3%A9%27%281%29.csv`],
  ['a\r\nX: y', `filename="a__X: y"; filename*=UTF-8''a__X%3A%20y`],
])('the file name %j cannot break out of its header', (fileName, expected) => {
  const form = writeMultipart({}, { field: 'file', fileName, content: Buffer.from('x') });

  expect(textOf(form).split('\r\n')[1]).toBe(
    `Content-Disposition: form-data; name="file"; ${expected}`,
  );
});
