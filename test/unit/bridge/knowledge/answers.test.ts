import { describe, expect, test } from 'vitest';
import type { AgentWorkspaceMessage } from '../../../../src/bridge/agent/agent.js';
import { argumentNames } from '../../../../src/bridge/knowledge/matches.js';
import { completePython, inspectPython } from '../../../../src/bridge/knowledge/python-answers.js';
import { completeR, inspectR } from '../../../../src/bridge/knowledge/r-answers.js';
import { WorkspaceKnowledge } from '../../../../src/bridge/knowledge/workspace-knowledge.js';
import type { Completions } from '../../../../src/jupyter/index.js';

const MARK = { rserver: { source: 'last-cell', sessionBusy: true } };

function knowing(...messages: readonly Partial<AgentWorkspaceMessage>[]): WorkspaceKnowledge {
  const knowledge = new WorkspaceKnowledge();
  messages.forEach((message, index) => {
    knowledge.take({ type: 'workspace', serial: index + 1, ...message });
  });
  return knowledge;
}

/** Each match with its type. */
function matchesOf({ matches, metadata }: Completions): readonly string[] {
  const types = metadata?.['_jupyter_types_experimental'] as { text: string; type: string }[];
  expect(types.map(({ text }) => text)).toEqual(matches);
  return types.map(({ text, type }) => `${text} ${type}`);
}

const rKnowledge = knowing({
  full: true,
  search: ['package:stats', 'package:base'],
  spaces: {
    'package:stats': ['median', 'lm'],
    'package:base': ['mean', '[.me'],
    'package:dplyr': ['mutate'],
  },
  objects: [
    {
      name: 'df',
      type: 'data.frame',
      size: '2 × 2',
      value: 'mpg, a b',
      kind: 'dataframe',
      members: ['mpg', 'a b'],
      types: ['numeric', 'character'],
      access: '$',
    },
    {
      name: 'measure',
      type: 'function',
      size: '',
      value: 'function (x, n = c(1, 2))',
      kind: 'function',
      signature: '(x, n = c(1, 2), ...)',
    },
    { name: 'v', type: 'integer', size: '3', value: '1, 2, 3', kind: 'instance' },
  ],
  functions: { lm: '(formula, data)' },
  files: ['data.csv', 'notes.txt'],
});

describe('R completion from knowledge', () => {
  test.each([
    ['me', ['measure function', 'mean ', 'median ']],
    ['df$', ['mpg numeric', '`a b` character']],
    ['df$a', ['`a b` character']],
    ['df[["', ['mpg numeric', 'a b character']],
    ['df@', []],
    ['v$', []],
    ['f()$', []],
    ['measure(', ['x = param', 'n = param', 'df dataframe', 'measure function', 'v instance']],
    ['measure(x = 1, n', ['n = param', 'next keyword']],
    ['stats::lm(fo', ['formula = param', 'for keyword']],
    ['dplyr::mu', ['mutate ']],
    ['unknown::mu', []],
    ['library(dp', ['dplyr module']],
    ['read.csv("da', ['data.csv file']],
    ['# me', []],
  ])('%j', (code, expected) => {
    const found = completeR(code, code.length, rKnowledge);

    expect(matchesOf(found).map((text) => text.replace('  ', ' '))).toEqual(expected);
  });

  test('says that it is as of the last cell, and where the matches go', () => {
    expect(completeR('x + df$m', 8, rKnowledge)).toEqual({
      matches: ['mpg'],
      start: 7,
      end: 8,
      metadata: {
        ...MARK,
        _jupyter_types_experimental: [
          { text: 'mpg', type: 'numeric', signature: '', start: 7, end: 8 },
        ],
      },
    });
  });
});

describe('R inspection from knowledge', () => {
  const textAt = (code: string): unknown => {
    const found = inspectR(code, code.length, 0, rKnowledge);
    return found.found ? found.data['text/plain'] : undefined;
  };

  test.each([
    ['v', 'Class: integer\nLength: 3\n1, 2, 3'],
    ['df', 'Class: data.frame\nDimensions: 2 × 2\n mpg: numeric\n a b: character'],
    ['measure(1, ', 'measure(x, n = c(1, 2), ...)'],
    ['stats::lm', 'stats::lm(formula, data)'],
  ])('%j', (code, expected) => {
    expect(textAt(code)).toBe(
      `${expected}\n\n(As of the last cell that ended: the session is busy.)\n`,
    );
  });

  test('what is not known is not found', () => {
    expect(inspectR('nobody', 6, 0, rKnowledge)).toEqual({ found: false });
  });

  test('help that was shown before is shown again, until the variable changes', () => {
    const knowledge = knowing({});
    const help = { data: { 'text/plain': 'the page' }, metadata: {} };
    knowledge.keepHelp('v', 0, help);
    knowledge.keepHelp('vector', 0, help);
    const before = inspectR('v', 1, 1, knowledge);
    knowledge.take({ type: 'workspace', serial: 2, gone: ['v'] });

    expect(before).toEqual({ found: true, data: help.data, metadata: MARK });
    expect(inspectR('v', 1, 1, knowledge)).toEqual({ found: false });
    expect(inspectR('vector', 6, 0, knowledge)).toMatchObject({ found: true });
  });
});

const pythonKnowledge = knowing({
  full: true,
  search: ['builtins'],
  spaces: {
    builtins: ['len:function', 'list:class'],
    numpy: ['linspace:function', 'random:module'],
    'numpy.random': ['normal:function'],
    'pandas.DataFrame': ['merge:function', 'shape:property'],
  },
  objects: [
    { name: 'np', type: 'module', size: '', value: 'module numpy', kind: 'module', space: 'numpy' },
    {
      name: 'df',
      type: 'DataFrame',
      size: '2 x 1',
      value: 'columns: miles',
      kind: 'dataframe',
      members: ['miles'],
      types: ['column'],
      access: '[',
      space: 'pandas.DataFrame',
    },
    {
      name: 'd',
      type: 'dict',
      size: '1',
      value: "{'key': 1}",
      kind: 'instance',
      members: ['key'],
      types: ['instance'],
      access: '[',
      space: 'builtins.dict',
    },
    {
      name: 'fit',
      type: 'function',
      size: '',
      value: 'function fit',
      kind: 'function',
      signature: "(x: 'a, b', *, lam=(1, 2)) -> int",
    },
  ],
  functions: { 'np.linspace': '(start, stop, num=50)' },
  files: ['data.csv'],
});

describe('Python completion from knowledge', () => {
  test.each([
    ['l', ['lambda keyword', 'len function', 'list class']],
    ['np.li', ['linspace function']],
    ['np.random.', ['normal function']],
    ['df.m', ['miles column', 'merge function']],
    ['df["', ['miles column']],
    ['d["', ['key instance']],
    ['d.', []],
    ['fit(la', ['lam= param', 'lambda keyword']],
    ['np.linspace(0, st', ['start= param', 'stop= param']],
    ['from numpy import li', ['linspace function']],
    ['open("da', ['data.csv path']],
    ['unknown.', []],
  ])('%j', (code, expected) => {
    expect(matchesOf(completePython(code, code.length, pythonKnowledge))).toEqual(expected);
  });

  test('inspection tells signatures and values', () => {
    const textAt = (code: string): unknown => {
      const found = inspectPython(code, code.length, 0, pythonKnowledge);
      return found.found ? String(found.data['text/plain']).split('\n')[0] : undefined;
    };

    expect(textAt('np.linspace(0, ')).toBe('Signature: np.linspace(start, stop, num=50)');
    expect(textAt('df')).toBe('Type:        DataFrame');
    expect(textAt('nobody')).toBeUndefined();
  });
});

describe('knowledge', () => {
  test('lists variables without modules, in order', () => {
    expect(pythonKnowledge.variables().map(({ name }) => name)).toEqual(['d', 'df', 'fit']);
  });

  test('follows what changes and what goes, and forgets all before a full account', () => {
    const a = { name: 'a', type: 'numeric', size: '1', value: '1', kind: 'instance' };
    const knowledge = knowing(
      { objects: [a] },
      {
        objects: [
          { ...a, value: '2' },
          { ...a, name: 'b' },
        ],
      },
      { gone: ['b'] },
    );

    expect(knowledge.variables()).toEqual([{ name: 'a', type: 'numeric', size: '1', value: '2' }]);
    expect(knowledge.serial).toBe(3);

    knowledge.take({ type: 'workspace', serial: 9, full: true });

    expect(knowledge.variables()).toEqual([]);
    expect(knowledge.serial).toBe(9);
  });

  test('keeps help that was asked for before the first account, and no older one', () => {
    const help = { data: { 'text/plain': 'Median Value' }, metadata: {} };
    const knowledge = knowing();
    knowledge.keepHelp('median', 1, help);

    knowledge.take({ type: 'workspace', serial: 1, full: true });
    expect(knowledge.help('median', 1)).toEqual(help);

    knowledge.take({ type: 'workspace', serial: 9, full: true });
    expect(knowledge.help('median', 1)).toBeUndefined();
  });
});

test.each([
  ['(x, n = c(1, 2), ...)', ['x', 'n']],
  ['(x, sep = ", ", `a b` = 2)', ['x', 'sep', '`a b`']],
  ["(self, x: 'int, str' = (1, 2), *, k=3, **rest) -> str", ['self', 'x', 'k']],
  ['()', []],
  ['', []],
])('the arguments of %j', (signature, names) => {
  expect(argumentNames(signature)).toEqual(names);
});
