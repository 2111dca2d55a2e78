// The version of this package; it stands in package.json only.
import { readFileSync } from 'node:fs';
import { assetPath } from '../base/index.js';

/** The version, e.g. `0.1.0`. Works from the sources and from the build alike. */
export function readVersion(): string {
  const file = assetPath(import.meta.url, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
