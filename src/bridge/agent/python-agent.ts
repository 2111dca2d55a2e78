// The Python agent as the bridge sees it: the code that installs and calls the package in `python/`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/index.js';
import type { Agent, AgentOptions } from './agent.js';
import { pythonLiteral } from './python-literal.js';

const PACKAGE = '_rserver_kernel';

/** File stems of `python/`, without the installer; each is a module of the package, `__init__` the package itself. */
const MODULES = [
  '__init__',
  'comms',
  'event_loop',
  'figures',
  'front_end_request',
  'ipython_introspection',
  'ipython_session',
  'ipython_shell',
  'kernel_object',
  'knowledge',
  'messages',
  'plain_completion',
  'plain_display',
  'plain_figures',
  'plain_introspection',
  'plain_objects',
  'plain_session',
  'quick_colours',
  'services',
  'tracebacks',
  'stdin',
  'variables',
] as const;

/**
 * The agent for Python sessions, 3.5 and later. Its sources are read from disk once, at the first `installCode`.
 *
 * The code it writes is one expression each: it leaves no name in the session's `__main__`.
 */
export function createPythonAgent(): Agent {
  let installer: string | undefined;
  const call = (name: string, ...parameters: readonly string[]): string =>
    `__import__("${PACKAGE}").${name}(${parameters.join(', ')})`;

  return {
    installCode: (options) => {
      installer ??= installerCode();
      return `exec(${installer}, "OPTIONS": ${optionsLiteral(options)}})`;
    },
    configureCode: (options) => call('configure', optionsLiteral(options)),
    runCode: (source, options) =>
      call('run', pythonLiteral(source), pythonLiteral(JSON.stringify(options))),
    completeCode: (code, cursor) => call('complete', pythonLiteral(code), String(cursor)),
    inspectCode: (code, cursor, detailLevel) =>
      call('inspect', pythonLiteral(code), String(cursor), String(detailLevel)),
    isCompleteCode: (code) => call('is_complete', pythonLiteral(code)),
    variablesCode: () => call('variables'),
    childrenCode: (path) => call('children', `[${path.map(pythonLiteral).join(', ')}]`),
    typesCode: (names) => call('types', `[${names.map(pythonLiteral).join(', ')}]`),
    comms: {
      messageCode: (message, requestId) =>
        call('comm', pythonLiteral(JSON.stringify(message)), pythonLiteral(requestId)),
      listCode: () => call('open_comms'),
    },
    // Python 3.5: `ImportError: No module named '_rserver_kernel'`; later: `ModuleNotFoundError: ...`.
    isMissing: (errorMessage) => errorMessage.includes(`No module named '${PACKAGE}'`),
  };
}

/** The arguments of `exec`, with the closing of its namespace left open for the options. */
function installerCode(): string {
  const sources = MODULES.map((stem) => {
    const name = stem === '__init__' ? PACKAGE : `${PACKAGE}.${stem}`;
    return `${pythonLiteral(name)}: ${pythonLiteral(readSource(stem))}`;
  }).join(', ');
  const digest = createHash('sha256').update(sources).digest('hex');
  return `${pythonLiteral(readSource('install'))}, {"SOURCES": {${sources}}, "DIGEST": "${digest}"`;
}

function readSource(stem: string): string {
  return readFileSync(assetPath(import.meta.url, `./python/${stem}.py`), 'utf8');
}

function optionsLiteral(options: AgentOptions): string {
  return pythonLiteral(JSON.stringify({ channel: options.channel, nonce: options.nonce }));
}
