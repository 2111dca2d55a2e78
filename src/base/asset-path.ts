// Finds the R, Python and page files that travel beside the TypeScript, in the sources and in the build alike.
import { fileURLToPath } from 'node:url';

/**
 * The absolute path of a file that lies beside the calling module.
 *
 * @param moduleUrl - `import.meta.url` of the caller.
 * @param relativePath - Path from the caller's folder, e.g. `'./r/worker.R'`.
 */
export function assetPath(moduleUrl: string, relativePath: string): string {
  return fileURLToPath(new URL(relativePath, moduleUrl));
}
