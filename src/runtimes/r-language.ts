// R behind a session: its command line, and values in R's own binary form.
import { assetPath } from '../base/index.js';
import type { Language } from './language.js';
import { serializeR, unserializeR, type RValue } from './r-serialization.js';
import { jsonOf, rInputOf } from './r-values.js';

/** Where R is. */
export interface RLanguageOptions {
  /** Default `R`, looked for in PATH. */
  readonly command?: string;
}

// The folder comes in the environment: R's start script splits paths with spaces in them. Not local(): the frame of the
// global environment which that leaves would be taken by return() at top level.
const START = `(function() {
  environment <- new.env(parent = baseenv())
  home <- Sys.getenv("RSERVER_WORKER_HOME")
  pipes <- Sys.getenv("RSERVER_WORKER_PIPES")
  Sys.unsetenv(c("RSERVER_WORKER_HOME", "RSERVER_WORKER_PIPES"))
  for (file in dir(home, "[.]R$", full.names = TRUE)) sys.source(file, environment)
  environment$main(pipes)
})()`
  .replaceAll(/\n\s*/g, ';')
  .replace('{;', '{')
  .replace(';}', '}');

export function rLanguage(options: RLanguageOptions = {}): Language {
  return {
    runtimeType: 'R',
    workerCommand: {
      command: options.command ?? 'R',
      args: ['--no-save', '--no-restore', '--no-echo', '-e', START],
      env: { RSERVER_WORKER_HOME: assetPath(import.meta.url, './r'), PAGER: 'cat' },
    },
    // Collections come rarely: each touches, and so really copies, all memory of a copied process.
    serviceEnvironment: { R_NSIZE: '1000000', R_VSIZE: '64M' },
    // R compiles a function when it is called for the second time.
    rehearsal: {
      parent: ['print(1)', 'message("")', 'message("")', 'stop("")', 'stop("")', 'invisible(NULL)'],
      session: [],
    },
    workspaceFileName: 'workspace.RData',
    reopensFiles: false,

    encodeParameters({ inputParameters, outputParameters }) {
      const inputs: RValue = {
        type: 'list',
        names: inputParameters.map(({ name }) => name),
        values: inputParameters.map(rInputOf),
      };
      const outputs: RValue = { type: 'character', values: outputParameters };
      return serializeR({ type: 'list', names: ['inputs', 'outputs'], values: [inputs, outputs] });
    },

    decodeOutputs(bytes) {
      const outputs = unserializeR(bytes);
      if (outputs.type !== 'list') return [];
      const names = outputs.names ?? [];
      return outputs.values.map((value, i) => ({ name: names[i] ?? '', value: jsonOf(value) }));
    },

    loadCode(packages) {
      const names = packages.map((name) => JSON.stringify(name)).join(', ');
      return `local(for (package in c(${names})) requireNamespace(package, quietly = TRUE))`;
    },

    encodeNames: (names) => serializeR({ type: 'character', values: names }),

    decodeNames(bytes) {
      const names = unserializeR(bytes);
      return names.type === 'character' ? names.values.map((name) => name ?? 'NA') : [];
    },
  };
}
