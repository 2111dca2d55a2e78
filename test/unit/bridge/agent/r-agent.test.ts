// The R code that installs and calls the R agent, as text. What R makes of it: test/integration/bridge.
import { describe, expect, test } from 'vitest';
import { compactRSource, createRAgent, rString } from '../../../../src/bridge/agent/r-agent.js';

const RUN = { silent: false, storeHistory: true, executionCount: 3, userExpressions: {} };

describe('the R agent’s calls', () => {
  const agent = createRAgent();

  test('a cell is one call with its source, silence and number', () => {
    expect(agent.runCode('1+1', RUN)).toBe('.rserver_kernel$run("1+1",FALSE,3L)');
  });

  test('user expressions go along by name', () => {
    const code = agent.runCode('x', {
      ...RUN,
      silent: true,
      userExpressions: { a: 'x', 'b c': '"y"' },
    });

    expect(code).toBe('.rserver_kernel$run("x",TRUE,3L,base::c("a"="x","b c"="\\"y\\""))');
  });

  test('the other questions are one call each', () => {
    const calls = [
      agent.completeCode('me', 2),
      agent.inspectCode('mean', 4, 1),
      agent.isCompleteCode('{'),
      agent.variablesCode(),
      agent.childrenCode(['df', 'a b']),
      agent.completeCode('"😀"; f(x, n = 1, d$`a', 21),
      agent.configureCode({ channel: 'console', nonce: 'c0ffee' }),
    ];

    expect(calls).toEqual([
      '.rserver_kernel$complete("name","me",0L,2L)',
      '.rserver_kernel$inspect("mean","",1L)',
      '.rserver_kernel$is_complete("{")',
      '.rserver_kernel$variables()',
      '.rserver_kernel$children(base::c("df","a b"))',
      '.rserver_kernel$complete("member","a",19L,21L,owner="d",operator="$",call="f",given=base::c("n"))',
      '.rserver_kernel$configure("console","c0ffee")',
    ]);
  });

  test('the installation ends with the configuration and is small', () => {
    const code = agent.installCode({ channel: 'events', nonce: 'c0ffee' });

    expect(code.split('\n').at(-1)).toBe('.rserver_kernel$configure("events","c0ffee")');
    // R reads a fifth of it at once, the rest when it is first used.
    expect(code.length).toBeLessThan(120_000);
  });

  test('R’s complaint about the missing object is recognised, in any language', () => {
    const answers = [
      "object '.rserver_kernel' not found",
      "objet '.rserver_kernel' introuvable",
      "object 'x' not found",
    ].map((message) => agent.isMissing(message));

    expect(answers).toEqual([true, true, false]);
  });
});

describe('rString', () => {
  test.each([
    ['', '""'],
    ['a\nb\tc', '"a\\nb\\tc"'],
    ['say "hi" \\n', '"say \\"hi\\" \\\\n"'],
    ['line\r\nline\rline', '"line\\nline\\nline"'],
    ['\u001b[31m', '"\\033[31m"'],
    ['é', '"\\u00e9"'],
    ['é\u001b', '"\\u00e9\\u001b"'],
    ['😀', '"\\U0001f600"'],
    ['\0', '"\\ufffd"'],
    ['\ud83d', '"\\ufffd"'],
  ])('writes %j in ASCII', (text, literal) => {
    expect(rString(text)).toBe(literal);
  });

  test('long text with Unicode is joined of strings that R’s parser takes', () => {
    const literal = rString('é'.repeat(12_000));

    const parts = literal.replace(/^base::paste0\("|"\)$/g, '').split('","');
    expect(parts.map((part) => part.length / '\\u00e9'.length)).toEqual([5000, 5000, 2000]);
  });

  test('long ASCII text is one string', () => {
    expect(rString('x'.repeat(100_000))).toBe(`"${'x'.repeat(100_000)}"`);
  });
});

describe('compactRSource', () => {
  test('comments, indentation and empty lines go, strings stay', () => {
    const source = ['# all', 'f <- function() {', '', '  "# \\" no" # yes', "  '#'", '}'].join(
      '\n',
    );

    expect(compactRSource(source)).toBe(['f <- function() {', '"# \\" no"', "'#'", '}'].join('\n'));
  });
});
