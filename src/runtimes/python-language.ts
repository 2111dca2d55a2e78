// Python behind a session: its command line, and values as JSON.
import { assetPath } from '../base/index.js';
import type { Language } from './language.js';
import type { NamedValue } from './runtime.js';

/** Where Python is, and what it should have ready. */
export interface PythonLanguageOptions {
  /** Default `python3`, looked for in PATH. */
  readonly command?: string;
  /** Modules to import in warm processes, so that sessions need not wait for them; missing ones are passed over. */
  readonly preload?: readonly string[];
}

export function pythonLanguage(options: PythonLanguageOptions = {}): Language {
  return {
    runtimeType: 'Python',
    workerCommand: {
      command: options.command ?? 'python3',
      args: [assetPath(import.meta.url, './python/worker.py'), ...(options.preload ?? [])],
      env: {},
    },
    serviceEnvironment: {},
    rehearsal: { parent: [], session: ['print(1)'] },
    workspaceFileName: 'workspace.dill',
    reopensFiles: true,

    encodeParameters: ({ inputParameters, outputParameters }) =>
      Buffer.from(
        JSON.stringify({
          inputs: inputParameters.map(({ name, value, type }) => [name, value ?? null, type ?? '']),
          outputs: outputParameters,
        }),
      ),

    decodeOutputs(bytes) {
      const outputs = JSON.parse(bytes.toString()) as [string, unknown][];
      return outputs.map(([name, value]): NamedValue => ({ name, value }));
    },

    // In a namespace of its own.
    loadCode: (packages) =>
      `exec("for name in names:\n try:\n  __import__(name)\n except ImportError:\n  pass", {"names": ${JSON.stringify(packages)}})`,

    encodeNames: (names) => Buffer.from(JSON.stringify(names)),
    decodeNames: (bytes) => JSON.parse(bytes.toString()) as string[],
  };
}
