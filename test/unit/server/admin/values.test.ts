// What people type into the admin page's forms, as the values that services take.
import { describe, expect, test } from 'vitest';
import { batchItemsOf, curlLine, inputsOf, valueOf } from '../../../../src/server/admin/values.js';

const input = (type?: string) => ({ name: 'x', type, declared: '' });

describe('the value of a text', () => {
  test.each([
    ['number', '1.5e2', 150],
    ['number', ' -Inf ', '-Inf'],
    ['integer', '7', 7],
    ['boolean', 'TRUE', true],
    ['boolean', 'false', false],
    ['string', ' as it is ', ' as it is '],
    ['array', '1, 2', [1, 2]],
    ['array', '[[1],[2]]', [[1], [2]]],
    ['object', '{"a":[1]}', { a: [1] }],
    [undefined, '12', 12],
    [undefined, 'words', 'words'],
    ['number', '  ', undefined],
  ])('of type %s: %j is %j', (type, text, expected) => {
    expect(valueOf(input(type), text)).toEqual(expected);
  });

  test.each([
    ['number', 'abc', 'x must be a number.'],
    ['integer', '1.5', 'x must be a whole number.'],
    ['boolean', 'maybe', 'x must be true or false.'],
    ['array', '1, b', 'x must be a list: 1, 2, 3.'],
    ['object', '{', 'x must be columns as JSON: {"a": [1, 2]}.'],
  ])('of type %s cannot be %j', (type, text, message) => {
    expect(() => valueOf(input(type), text)).toThrow(message);
  });
});

test('the inputs of a service come from its Swagger file', () => {
  const swagger = {
    definitions: {
      InputParameters: {
        properties: { x: { type: 'number', description: 'numeric' }, y: { description: 'odd' } },
      },
    },
  };

  expect(inputsOf(swagger)).toEqual([
    { name: 'x', type: 'number', declared: 'numeric' },
    { name: 'y', type: undefined, declared: 'odd' },
  ]);
});

describe('the items of a batch', () => {
  const inputs = [
    { name: 'x', type: 'number', declared: 'numeric' },
    { name: 's', type: 'string', declared: 'character' },
  ];

  test('are the rows of a CSV, typed as the inputs are; an empty cell leaves its input out', () => {
    const items = batchItemsOf(inputs, 'x,s\r\n1,"a ""b"", c"\r\n2,\r\n');

    expect(items).toEqual([{ x: 1, s: 'a "b", c' }, { x: 2 }]);
  });

  test('are the objects of a JSON list', () => {
    expect(batchItemsOf(inputs, '[{"x":1},{"x":2}]')).toEqual([{ x: 1 }, { x: 2 }]);
  });

  test.each([
    ['', 'Paste the inputs first.'],
    ['x,s', 'The CSV has a first line only; each further one is a call.'],
    ['x,s\n1', 'Row 1 has 1 cells, and the first line 2.'],
    ['x\nabc', 'x must be a number.'],
    ['[1]', 'Each call is an object in a list: [{"x": 1}, {"x": 2}].'],
    ['[{]', 'This is not JSON. Each call is an object in a list: [{"x": 1}, {"x": 2}].'],
  ])('cannot be %j', (text, message) => {
    expect(() => batchItemsOf(inputs, text)).toThrow(message);
  });
});

test('a curl line keeps a quote in the data from ending the argument', () => {
  expect(curlLine('http://h/api/s/1', { x: "it's" })).toBe(
    [
      `curl -X POST 'http://h/api/s/1' \\`,
      `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
      String.raw`  -d '{"x":"it'\''s"}'`,
    ].join('\n'),
  );
});
