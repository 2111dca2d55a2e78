// Runs the notebooks of test/notebooks with our kernels and with IRkernel and ipykernel, and compares what their cells
// show. Fails on a difference that test/notebooks/differences.json does not list, and on a listed one that is gone.
// Arguments: parts of names of notebooks; none for all. `npm run generate` writes docs/compared.md.
import { createJupyterEnvironment } from '../test/helpers/jupyter-environment.js';
import { compareNotebooks } from './compare-notebooks/compare-runs.js';
import { check, readKnownDifferences } from './compare-notebooks/known-differences.js';
import { listNotebooks } from './compare-notebooks/notebooks.js';

const parts = process.argv.slice(2);
const names = listNotebooks().filter(
  (name) => parts.length === 0 || parts.some((part) => name.includes(part)),
);
const known = readKnownDifferences();
const jupyter = await createJupyterEnvironment();
try {
  const compared = await compareNotebooks(jupyter, names);
  const found = compared.flatMap(({ differences }) => differences);
  const { added, gone } = check(found, known.differences, names);
  for (const { notebook, cell, kind, ours, theirs } of added)
    console.log(`${notebook} [${cell}] ${kind}\n--- ours\n${ours}\n--- theirs\n${theirs}\n`);
  for (const { notebook, cell, kind } of gone)
    console.log(`${notebook} [${cell}] ${kind}: listed, but there is no difference any more\n`);
  for (const { name, cells, differences } of compared)
    console.log(`${name}: ${cells} cells, ${differences.length} differences`);
  console.log(`${added.length} new, ${gone.length} gone`);
  if (added.length + gone.length > 0) process.exitCode = 1;
} finally {
  await jupyter.close();
}
