// Notebooks show the same with our kernels and with IRkernel and ipykernel, but for the differences that are listed.
// A few of test/notebooks, so that it stays short; scripts/compare-notebooks.ts runs all of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareNotebooks } from '../../scripts/compare-notebooks/compare-runs.js';
import { check, readKnownDifferences } from '../../scripts/compare-notebooks/known-differences.js';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { isMissing } from '../helpers/requirements.js';

const COMPARED_CELLS: Readonly<Record<string, number>> = {
  'r/cars-in-base-r': 35,
  'r/errors-and-warnings': 25,
  'r/lattice-grid-ggplot2': 24,
  'python/errors-and-tracebacks': 44,
  'python/figures-with-matplotlib': 28,
  'python/sales-with-pandas': 34,
};

describe.skipIf(isMissing('R', 'IRkernel', 'jupyter', 'build'))('compared notebooks', () => {
  let jupyter: JupyterEnvironment;
  beforeAll(async () => {
    jupyter = await createJupyterEnvironment();
  });
  afterAll(() => jupyter.close());

  test.each(['r', 'python'])(
    'of %s differ only where it is listed',
    async (language) => {
      const names = Object.keys(COMPARED_CELLS).filter((name) => name.startsWith(`${language}/`));

      const compared = await compareNotebooks(jupyter, names);

      const found = compared.flatMap(({ differences }) => differences);
      expect(check(found, readKnownDifferences().differences, names)).toEqual({
        added: [],
        gone: [],
      });
      expect(Object.fromEntries(compared.map(({ name, cells }) => [name, cells]))).toEqual(
        Object.fromEntries(names.map((name) => [name, COMPARED_CELLS[name]])),
      );
    },
    600_000,
  );
});
