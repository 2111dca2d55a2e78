import { expect, test } from 'vitest';
import { runsBeside } from '../../../src/bridge/beside.js';
import { languageOf } from '../../../src/bridge/language/languages.js';
import { createMagicTable } from '../../../src/bridge/magics/registry.js';

test.each([
  ['%lsmagic', true],
  ['%lsmagic\n%history 5\n', true],
  ['%help snapshot', true],
  ['%snapshot?', true],
  ['%config', true],
  ['%config display=plain', false],
  ['%history --session', false],
  ['%snapshot list', false],
  ['%restart', false],
  ['%output', true],
  ['%output 5', true],
  ['%output all.txt', false],
  ['%output 1 --part 1', false],
  ['%time 1 + 1', false],
  ['%lsmagic\nx', false],
  ['x', false],
  ['', false],
  ['%unknown', false],
])('%j runs beside another cell: %s', (code, expected) => {
  for (const language of ['R', 'python'] as const) {
    expect(runsBeside(code, languageOf(language), createMagicTable())).toBe(expected);
  }
});
