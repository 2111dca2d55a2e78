// Writes the parts of docs/ that are made from the code; format:write has the last word on their looks.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderMagicsDocument } from '../src/bridge/index.js';
import { fillCompared } from './compare-notebooks/document.js';
import { readKnownDifferences } from './compare-notebooks/known-differences.js';
import { fillSettings, renderErrorsDocument } from './documents.js';

const DOCS = path.resolve(import.meta.dirname, '../docs');

async function write(name: string, content: string): Promise<void> {
  const file = path.join(DOCS, name);
  const options = await resolveConfig(file);
  writeFileSync(file, await format(content, { ...options, parser: 'markdown' }));
}

await write('errors.md', renderErrorsDocument());
await write('magics.md', renderMagicsDocument());
await write(
  'configuration.md',
  fillSettings(readFileSync(path.join(DOCS, 'configuration.md'), 'utf8')),
);
await write(
  'compared.md',
  fillCompared(readFileSync(path.join(DOCS, 'compared.md'), 'utf8'), readKnownDifferences()),
);
