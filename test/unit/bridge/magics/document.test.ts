import { expect, test } from 'vitest';
import { MAGICS, renderMagicsDocument } from '../../../../src/bridge/index.js';

test('the document describes every call and option of every magic', () => {
  const document = renderMagicsDocument();

  for (const { name, usages, options, examples, summary } of MAGICS) {
    expect(document).toContain(summary);
    for (const { call, form } of usages) {
      expect(document).toContain(`\`${form === 'cell' ? '%%' : '%'}${name} ${call}`.trimEnd());
    }
    for (const option of options) expect(document).toContain(`\`--${option.name}`);
    for (const example of examples) expect(document).toContain(example);
  }
});

test('names are unique and can be written', () => {
  const names = MAGICS.map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+$/);
});
