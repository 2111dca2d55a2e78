// The tables of docs/data-types.md, each row in both directions with a real R and a real Python.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../../src/runtimes/index.js';
import {
  describeLanguage,
  hasPythonModule,
  languages,
  run,
  start,
  temporaryFolder,
} from './support.js';

/** The value of an expression as it is sent out. */
async function valueOf(runtime: Runtime, code: string): Promise<unknown> {
  const outcome = await run(runtime, code, { outputParameters: ['value'] });
  if (!outcome.success) throw new Error(outcome.errorMessage);
  return outcome.outputParameters[0]?.value;
}

/** What a value that was sent in looks like inside, printed by an expression. */
async function seenInside(runtime: Runtime, value: unknown, expression: string): Promise<string> {
  const outcome = await run(runtime, expression, { inputParameters: [{ name: 'x', value }] });
  if (!outcome.success) throw new Error(outcome.errorMessage);
  return outcome.text.trimEnd();
}

describeLanguage('R', 'R values', () => {
  const workRoot = temporaryFolder();
  let r: Runtime;
  beforeAll(async () => {
    r = await start(languages.R, workRoot);
  });
  afterAll(() => r.close());

  const out: readonly (readonly [string, unknown])[] = [
    ['NULL', null],
    ['TRUE', true],
    ['c(TRUE, NA, FALSE)', [true, null, false]],
    ['5L', 5],
    ['c(a = 1L, b = NA)', [1, null]],
    ['0.1', 0.1],
    ['0.1 + 0.2', 0.30000000000000004],
    ['c(pi, 1e300, 5e-324, -0.5)', [Math.PI, 1e300, 5e-324, -0.5]],
    ['c(1, NA, NaN, Inf, -Inf)', [1, null, 'NaN', 'Inf', '-Inf']],
    ['NA_real_', null],
    ['100000', 100_000],
    ['"text"', 'text'],
    ['c("größer", NA, "a\\"b\\\\c\\n\\t\\001", "")', ['größer', null, 'a"b\\c\n\t\u0001', '']],
    ['iconv("größer", "UTF-8", "latin1")', 'größer'],
    ['character()', []],
    ['numeric()', []],
    ['factor(c("b", NA, "a"))', ['b', null, 'a']],
    ['as.Date(c("2024-02-29", NA))', ['2024-02-29', null]],
    ['as.Date("0099-03-01")', '0099-03-01'],
    ['as.POSIXct("2024-02-29 12:30:00", tz = "Europe/Berlin")', '2024-02-29T11:30:00Z'],
    [
      'as.POSIXct(c(0, 0.25), origin = "1970-01-01")',
      ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.25Z'],
    ],
    ['as.POSIXlt("2024-02-29 12:30:00", tz = "UTC")', '2024-02-29T12:30:00Z'],
    ['as.difftime(2, units = "hours")', 2],
    [
      'matrix(1:6, 2)',
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
    ],
    ['matrix(c("a", NA), 1)', [['a', null]]],
    ['matrix(c(TRUE, FALSE), 2)', [[true], [false]]],
    [
      'array(1:8, c(2, 2, 2))',
      [
        [
          [1, 5],
          [3, 7],
        ],
        [
          [2, 6],
          [4, 8],
        ],
      ],
    ],
    ['table(c("a", "b", "a"))', [2, 1]],
    ['data.frame(b = 1:2, a = c("x", NA))', { b: [1, 2], a: ['x', null] }],
    ['data.frame(a = 1)', { a: [1] }],
    ['data.frame(a = numeric())', { a: [] }],
    [
      'data.frame(f = factor("x"), d = as.Date("2024-01-01"), t = as.POSIXct(0, origin = "1970-01-01"))',
      { f: ['x'], d: ['2024-01-01'], t: ['1970-01-01T00:00:00Z'] },
    ],
    ['within(data.frame(a = 1:2), l <- list(1, "x"))', { a: [1, 2], l: [1, 'x'] }],
    ['list()', []],
    ['list(1, "a", NULL)', [1, 'a', null]],
    ['list(a = 1, b = list(c = 1:2, d = NULL))', { a: 1, b: { c: [1, 2], d: null } }],
    ['list(a = 1, 2)', { '2': 2, a: 1 }],
    ['setNames(list(), character())', {}],
    ['structure(list(a = 1), class = "own")', { a: 1 }],
    ['structure(c(4611686018427387904, NA), class = "other")', [4611686018427387904, null]],
  ];
  test.each(out)('%s', async (code, json) => {
    expect(await valueOf(r, `value <- ${code}`)).toEqual(json);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['function(x) x', 'value is of class function'],
    ['1i', 'value is of class complex'],
    ['globalenv()', 'value is of class environment'],
    ['as.raw(1)', 'value is of class raw'],
    ['quote(a + b)', 'value is of class call'],
    ['list(a = list(1, sum))', 'value$a[[2]] is of class function'],
    ['list(a = 1, a = 2)', "value has two elements named 'a'"],
    ['lm(mpg ~ wt, mtcars)', 'is of class'],
  ];
  test.each(refused)('%s is refused by name', async (code, message) => {
    const outcome = await run(r, `value <- ${code}; other <- 1`, {
      outputParameters: ['value', 'other'],
    });

    expect(outcome.success).toBe(false);
    expect(outcome.errorMessage).toContain(`Output parameter 'value': `);
    expect(outcome.errorMessage).toContain(message);
    expect(outcome.outputParameters).toEqual([{ name: 'other', value: 1 }]);
  });

  const into: readonly (readonly [unknown, string])[] = [
    [null, 'NULL'],
    [true, 'TRUE'],
    [5, '5L'],
    [5.5, '5.5'],
    [3e9, '3e+09'],
    ['a', '"a"'],
    ['größer', '"größer"'],
    [[1, 2, 3], '1:3'],
    [[1, null], 'c(1L, NA)'],
    [[1.5, 'NaN', 'Inf', '-Inf', null], 'c(1.5, NaN, Inf, -Inf, NA)'],
    [['a', null], 'c("a", NA)'],
    [[true, null], 'c(TRUE, NA)'],
    [[null, null], 'c(NA, NA)'],
    [[], 'list()'],
    [[1, 'a', [2]], 'list(1L, "a", 2L)'],
    [
      [
        [1, 2],
        [3, 4],
      ],
      'structure(c(1L, 3L, 2L, 4L), dim = c(2L, 2L))',
    ],
    [[['a', null]], 'structure(c("a", NA), dim = 1:2)'],
    [
      { b: [1, 2], a: ['x', null] },
      'structure(list(b = 1:2, a = c("x", NA)), class = "data.frame", row.names = c(NA, \n-2L))',
    ],
    [{ a: [] }, 'structure(list(a = logical(0)), class = "data.frame", row.names = integer(0))'],
    [{ a: 1, b: { c: null } }, 'list(a = 1L, b = list(c = NULL))'],
    [{ a: [1], b: [1, 2] }, 'list(a = 1L, b = 1:2)'],
    [{}, 'structure(list(), names = character(0))'],
  ];
  test.each(into)('%j comes in as %s', async (json, code) => {
    expect(await seenInside(r, json, 'dput(x)')).toBe(code);
  });

  test('a million numbers go both ways, exact to the last bit', async () => {
    const outcome = await run(r, 'value <- x * 3', {
      inputParameters: [{ name: 'x', value: Array.from({ length: 1_000_000 }, (_, i) => i / 7) }],
      outputParameters: ['value'],
    });

    const value = outcome.outputParameters[0]?.value as number[];
    expect(value.length).toBe(1_000_000);
    expect(value.every((item, i) => item === (i / 7) * 3)).toBe(true);
  });

  test('an input that R cannot hold fails the execution', async () => {
    const outcome = await run(r, 'x', { inputParameters: [{ name: 'x', value: 'a\0b' }] });

    expect([outcome.success, outcome.errorMessage]).toEqual([
      false,
      'a string holds a NUL character, which R cannot',
    ]);
  });

  test('an output that does not exist is named, and the others are sent', async () => {
    const outcome = await run(r, 'a <- 1', { outputParameters: ['nope', 'a'] });

    expect(outcome).toMatchObject({
      success: false,
      errorMessage: "Output parameter 'nope': the workspace has no object of this name.",
      outputParameters: [{ name: 'a', value: 1 }],
    });
  });

  test('outputs of a failed execution are not read', async () => {
    const outcome = await run(r, 'a <- 1; stop("no")', { outputParameters: ['a'] });

    expect(outcome.outputParameters).toEqual([]);
  });
});

describeLanguage('Python', 'Python values', () => {
  const workRoot = temporaryFolder();
  let python: Runtime;
  beforeAll(async () => {
    python = await start(languages.Python, workRoot);
    await run(python, 'import datetime, decimal, collections, enum');
  });
  afterAll(() => python.close());

  const out: readonly (readonly [string, unknown])[] = [
    ['None', null],
    ['True', true],
    ['5', 5],
    ['2 ** 53 + 1', '9007199254740993'],
    ['2 ** 60', 2 ** 60],
    ['10 ** 400', `1${'0'.repeat(400)}`],
    ['0.1 + 0.2', 0.30000000000000004],
    ['float("nan")', 'NaN'],
    ['[1, None, float("nan"), float("inf"), -float("inf")]', [1, null, 'NaN', 'Inf', '-Inf']],
    ['"größer\\n\\"\\x01"', 'größer\n"\u0001'],
    ['(1, "a")', [1, 'a']],
    ['{3, 1, 2}', [1, 2, 3]],
    ['range(3)', [0, 1, 2]],
    ['[]', []],
    ['{}', {}],
    ['{"a": 1, 2: [None], None: True}', { a: 1, '2': [null], None: true }],
    ['collections.OrderedDict(a=collections.namedtuple("P", "x y")(1, 2))', { a: [1, 2] }],
    ['datetime.date(2024, 2, 29)', '2024-02-29'],
    ['datetime.datetime(2024, 2, 29, 12, 30)', '2024-02-29T12:30:00'],
    ['datetime.datetime(2024, 2, 29, 12, 30, 0, 250000)', '2024-02-29T12:30:00.25'],
    [
      'datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))',
      '2024-02-29T11:30:00Z',
    ],
    ['datetime.timedelta(minutes=1.5)', 90],
    ['decimal.Decimal("1.5")', 1.5],
  ];
  test.each(out)('%s', async (code, json) => {
    expect(await valueOf(python, `value = ${code}`)).toEqual(json);
  });

  describe.skipIf(!hasPythonModule('numpy, pandas'))('of numpy and pandas', () => {
    beforeAll(() => run(python, 'import numpy as np, pandas as pd'));

    const tables: readonly (readonly [string, unknown])[] = [
      ['np.int64(5)', 5],
      ['np.float32(0.5)', 0.5],
      ['np.bool_(True)', true],
      ['np.str_("a")', 'a'],
      ['np.float64("nan")', 'NaN'],
      ['np.array([1, 2])', [1, 2]],
      ['np.array([2 ** 53 + 1, 1])', ['9007199254740993', 1]],
      ['np.array([1.5, np.nan, np.inf])', [1.5, 'NaN', 'Inf']],
      [
        'np.array([[1, 2], [3, 4]])',
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        'np.zeros((1, 2, 2))',
        [
          [
            [0, 0],
            [0, 0],
          ],
        ],
      ],
      ['np.array(5)', 5],
      ['np.array([True, False])', [true, false]],
      ['np.array(["a", "b"])', ['a', 'b']],
      ['np.array([1, "a", None, [2]], dtype=object)', [1, 'a', null, [2]]],
      ['np.array(["2024-02-29", "NaT"], dtype="datetime64[D]")', ['2024-02-29T00:00:00', null]],
      ['np.datetime64("2024-02-29T12:30:00.5")', '2024-02-29T12:30:00.5'],
      ['np.ma.array([1, 2], mask=[False, True])', [1, null]],
      ['pd.Series([1.5, None])', [1.5, 'NaN']],
      ['pd.Series(["a", None])', ['a', null]],
      ['pd.Series([1, None], dtype="Int64")', [1, null]],
      ['pd.Series(["a", "b", None], dtype="category")', ['a', 'b', null]],
      ['pd.Categorical(["a", None])', ['a', null]],
      ['pd.to_datetime(pd.Series(["2024-02-29", None]))', ['2024-02-29T00:00:00', null]],
      ['pd.Timestamp("2024-02-29 12:00", tz="Europe/Berlin")', '2024-02-29T11:00:00Z'],
      ['[pd.NaT, pd.NA]', [null, null]],
      ['pd.Index([1, 2])', [1, 2]],
      [
        'pd.DataFrame({"b": [1, 2], "a": ["x", None], "t": pd.to_datetime(["2024-02-29", "2024-03-01"], utc=True)})',
        { b: [1, 2], a: ['x', null], t: ['2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'] },
      ],
      ['pd.DataFrame({"a": [1]}, index=["row"])', { a: [1] }],
      ['pd.DataFrame({"a": []})', { a: [] }],
      ['{"frame": pd.DataFrame({"a": [1.5]})}', { frame: { a: [1.5] } }],
    ];
    test.each(tables)('%s', async (code, json) => {
      expect(await valueOf(python, `value = ${code}`)).toEqual(json);
    });

    test('an array of complex numbers is refused by name', async () => {
      const outcome = await run(python, 'value = {"a": np.array([1j])}', {
        outputParameters: ['value'],
      });

      expect(outcome.errorMessage).toBe(
        "Output parameter 'value': value['a'] is an array of complex128, which has no form in JSON; fetch it as a workspace object.",
      );
    });
  });

  const refused: readonly (readonly [string, string])[] = [
    ['b"bytes"', 'value is of type bytes'],
    ['1j', 'value is of type complex'],
    ['{"a": [object()]}', "value['a'][0] is of type object"],
    ['len', 'value is of type builtin_function_or_method'],
    ['enum.Enum("E", "A").A', 'value is of type E'],
    ['{"1": 1, 1: 2}', "value has two entries named '1'"],
    ['[]; value.append(value)', 'value contains itself or is nested too deep'],
  ];
  test.each(refused)('%s is refused by name', async (code, message) => {
    const outcome = await run(python, `value = ${code}\nother = 1`, {
      outputParameters: ['value', 'other'],
    });

    expect(outcome.success).toBe(false);
    expect(outcome.errorMessage).toContain(`Output parameter 'value': ${message}`);
    expect(outcome.outputParameters).toEqual([{ name: 'other', value: 1 }]);
  });

  const into: readonly (readonly [unknown, string])[] = [
    [null, 'None'],
    [true, 'True'],
    [5, '5'],
    [5.5, '5.5'],
    ['NaN', "'NaN'"],
    [[1, 'NaN', '-Inf', null], '[1, nan, -inf, None]'],
    [['NaN', 'a'], "['NaN', 'a']"],
    [['Inf'], "['Inf']"],
    [[[1, 'Inf'], ['x']], "[[1, inf], ['x']]"],
    [{ a: { b: [1.5, 'NaN'] }, c: null }, "{'a': {'b': [1.5, nan]}, 'c': None}"],
    ['größer', "'größer'"],
  ];
  test.each(into)('%j comes in as %s', async (json, code) => {
    expect(await seenInside(python, json, 'x')).toBe(json === null ? '' : code);
  });

  test('an output that does not exist is named, and the others are sent', async () => {
    const outcome = await run(python, 'a = 1', { outputParameters: ['nope', 'a'] });

    expect(outcome).toMatchObject({
      success: false,
      errorMessage: "Output parameter 'nope': the workspace has no object of this name.",
      outputParameters: [{ name: 'a', value: 1 }],
    });
  });
});
