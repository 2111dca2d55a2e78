// The notebooks that are compared.
import { readdirSync } from 'node:fs';
import path from 'node:path';

export const NOTEBOOKS = path.resolve(import.meta.dirname, '../../test/notebooks');

/** Names of all notebooks: `r/name`, `python/name`. */
export function listNotebooks(): readonly string[] {
  return (['r', 'python'] as const).flatMap((language) =>
    readdirSync(path.join(NOTEBOOKS, language))
      .filter((file) => file.endsWith('.ipynb'))
      .sort()
      .map((file) => `${language}/${path.basename(file, '.ipynb')}`),
  );
}
