import { describe, expect, test } from 'vitest';
import {
  asList,
  asNumber,
  asTexts,
  normaliseLineEnds,
  readFailingBody,
  tryParseJson,
} from '../../../src/client/answers.js';

describe('failing bodies', () => {
  test.each([
    ['the core shape', '{"message":"gone","link":"","exceptionType":"X"}', 'gone', 'X'],
    ['the shape of services', '{"code":500,"message":"bad","fields":"hp"}', 'bad (hp)', undefined],
    [
      'the embedded server',
      '{"message":"m","code":"API_BUSY","exceptionType":"B"}',
      'm',
      'API_BUSY',
    ],
    [
      'a GUID alone',
      '{"Message":"b55088c4-e563-459a-8c41-dd2c625e891d"}',
      'b55088c4-e563-459a-8c41-dd2c625e891d',
      undefined,
    ],
    [
      'validation of ASP.NET',
      '{"code":["The code field is required."]}',
      'code: The code field is required.',
      undefined,
    ],
    ['validation with a title', '{"title":"Invalid.","errors":{"a":["b"]}}', 'Invalid.', undefined],
    ['OAuth', '{"error":"invalid_token","error_description":"expired"}', 'expired', undefined],
    ['a JSON text', '"not here"', 'not here', undefined],
    ['plain text', ' not \n here ', 'not here', undefined],
    [
      'HTML',
      '<html><head><title>502 Bad Gateway</title></head><body>x</body></html>',
      '502 Bad Gateway',
      undefined,
    ],
    ['HTML without a title', '<html><body>x</body></html>', '', undefined],
    ['nothing', '', '', undefined],
    ['null', 'null', '', undefined],
    ['a list', '[1]', '', undefined],
  ])('%s is read', (_name, body, message, code) => {
    expect(readFailingBody(body)).toEqual({ message, code });
  });

  test('a long text is cut', () => {
    const { message } = readFailingBody('x'.repeat(10_000));

    expect(message).toBe(`${'x'.repeat(500)}…`);
  });
});

test('a byte order mark before JSON does not matter', () => {
  expect(tryParseJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
  expect(tryParseJson('{')).toBe(undefined);
});

test('lists come as lists, as one object, as null or as nothing', () => {
  expect([asList([1]), asList({ a: 1 }), asList(null), asList(undefined), asList('')]).toEqual([
    [1],
    [{ a: 1 }],
    [],
    [],
    [],
  ]);
  expect([asTexts(['a', 1, 'b']), asTexts(null)]).toEqual([['a', 'b'], []]);
});

test('numbers come as numbers or in quotes', () => {
  expect([
    asNumber(1.5),
    asNumber('1479664807'),
    asNumber(' 7 '),
    asNumber('x'),
    asNumber(null),
  ]).toEqual([1.5, 1479664807, 7, undefined, undefined]);
});

test('Windows line ends become plain ones, a carriage return alone stays', () => {
  expect(normaliseLineEnds('a\r\nb\rc\n\r\n')).toBe('a\nb\rc\n\n');
});
