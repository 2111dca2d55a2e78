// Jupyter's folders on each platform.
import { describe, expect, test } from 'vitest';
import { kernelsOfPrefix, kernelsOfUser, pythonsOfPrefix } from '../../../src/cli/paths.js';
import { fakeMachine } from '../../helpers/machine.js';

const MAC = { platform: 'darwin', homeDirectory: '/Users/ada' } as const;
const WINDOWS = { platform: 'win32', homeDirectory: 'C:\\Users\\ada' } as const;

describe('where Jupyter looks for kernels of the user', () => {
  test.each([
    ['Linux', fakeMachine(), '/home/ada/.local/share/jupyter/kernels'],
    ['Linux with XDG', fakeMachine({ XDG_DATA_HOME: '/data' }), '/data/jupyter/kernels'],
    ['macOS', fakeMachine({}, MAC), '/Users/ada/Library/Jupyter/kernels'],
    [
      'macOS with platform folders',
      fakeMachine({ JUPYTER_PLATFORM_DIRS: '1' }, MAC),
      '/Users/ada/Library/Application Support/Jupyter/kernels',
    ],
    [
      'Windows',
      fakeMachine({ APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' }, WINDOWS),
      'C:\\Users\\ada\\AppData\\Roaming\\jupyter\\kernels',
    ],
    [
      'Windows without APPDATA',
      fakeMachine({}, WINDOWS),
      'C:\\Users\\ada\\.jupyter\\data\\kernels',
    ],
    [
      'Windows with platform folders',
      fakeMachine({ JUPYTER_PLATFORM_DIRS: '1', LOCALAPPDATA: 'D:\\Local' }, WINDOWS),
      'D:\\Local\\Jupyter\\kernels',
    ],
    ['JUPYTER_DATA_DIR', fakeMachine({ JUPYTER_DATA_DIR: '/mine' }), '/mine/kernels'],
  ])('%s', (_name, machine, expected) => {
    expect(kernelsOfUser(machine)).toBe(expected);
  });
});

describe('an environment', () => {
  test('keeps kernels and Python where its platform has them', () => {
    expect(kernelsOfPrefix(fakeMachine(), '/venv')).toBe('/venv/share/jupyter/kernels');
    expect(kernelsOfPrefix(fakeMachine({}, WINDOWS), 'C:\\venv')).toBe(
      'C:\\venv\\share\\jupyter\\kernels',
    );
    expect(pythonsOfPrefix(fakeMachine(), '/venv')).toEqual([
      '/venv/bin/python3',
      '/venv/bin/python',
    ]);
    expect(pythonsOfPrefix(fakeMachine({}, WINDOWS), 'C:\\venv')).toEqual([
      'C:\\venv\\Scripts\\python.exe',
      'C:\\venv\\python.exe',
    ]);
  });
});
