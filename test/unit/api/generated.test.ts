import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { generateApiTypes } from '../../../scripts/generate-api-types.js';

test('the generated types are those of the contract (else run `npm run generate`)', async () => {
  const file = path.resolve(import.meta.dirname, '../../../src/api/generated/schema.ts');

  expect(readFileSync(file, 'utf8')).toBe(await generateApiTypes());
}, 30_000);
