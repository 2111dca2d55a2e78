// `rserver-kernel uninstall`: removes what `install` wrote.
import { findPlace, type InstallPlace } from './install.js';
import { removeKernelspecs } from './kernelspec.js';
import type { Machine } from './machine.js';

/**
 * Removes both kernelspecs of a name from the place that the flags mean.
 *
 * @returns Lines to print.
 * @throws {ConfigError} `CONFIG_ARGUMENT`, `CONFIG_PYTHON`, `CONFIG_KERNELSPEC`.
 */
export async function uninstall(
  options: InstallPlace & { readonly name: string },
  machine: Machine,
): Promise<readonly string[]> {
  const { kernelsDirectory } = await findPlace(options, machine);
  return removeKernelspecs(kernelsDirectory, options.name).map(
    (directory) => `Removed ${directory}`,
  );
}
