// The variables of the session for JupyterLab's debugger panel: the part of the debug protocol that needs no debugger.
// Breakpoints are not offered; every other request is refused in plain words.
import type { DebugRequest, DebugResult, JsonObject } from '../jupyter/index.js';
import { FROM_KNOWLEDGE } from './knowledge/matches.js';
import { listVariables } from './knowledge/variables.js';
import type { KnownVariable } from './knowledge/workspace-knowledge.js';
import type { RemoteSession } from './remote-session.js';

const CHILDREN_BOUND_MS = 2000;
const VALUE_BOUND_MS = 5000;

/**
 * The panel's side of one kernel.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request
 */
export class VariablePanel {
  readonly #session: RemoteSession;
  /** Whether somebody has opened the panel: then front ends ask for the variables after every cell. */
  #isStarted = false;
  /** What the numbers in the tree stand for: a variable's name, then names of members. */
  #paths: (readonly string[])[] = [];

  constructor(session: RemoteSession) {
    this.#session = session;
  }

  /** Answers at once also while a cell runs. */
  async answer({ command, arguments: parameters }: DebugRequest): Promise<DebugResult> {
    switch (command) {
      case 'debugInfo':
        return succeeded(debugInfo(this.#isStarted));
      // An adapter without any of the capabilities that may be claimed here.
      case 'initialize':
      case 'attach':
      case 'configurationDone':
        this.#isStarted = true;
        return succeeded({});
      case 'disconnect':
        this.#isStarted = false;
        return succeeded({});
      case 'inspectVariables':
        return succeeded({ variables: this.#shown(await this.#variables(), []) });
      case 'variables':
        return this.#children(parameters['variablesReference']);
      case 'richInspectVariables':
        return this.#value(parameters['variableName']);
      // Asked when a line is clicked: the dot goes away again.
      case 'dumpCell':
        return succeeded({ sourcePath: '' });
      case 'setBreakpoints':
        return succeeded({ breakpoints: [] });
      // Asked after `attach`; JupyterLab fails without the list.
      case 'modules':
        return succeeded({ modules: [] });
      default:
        return failed(`This kernel shows variables; it cannot ${command}.`);
    }
  }

  async #variables(): Promise<readonly KnownVariable[]> {
    this.#paths = [];
    const live = await this.#session.soon(0);
    return live === undefined ? [] : ((await listVariables(live)) ?? []);
  }

  #shown(variables: readonly KnownVariable[], parent: readonly string[]): readonly JsonObject[] {
    return variables.map(({ name, type, size, value }) => ({
      name,
      type: size === '' ? type : `${type} (${size})`,
      value,
      evaluateName: name,
      variablesReference: canOpen(type, size) ? this.#paths.push([...parent, name]) : 0,
    }));
  }

  async #children(reference: unknown): Promise<DebugResult> {
    const path = this.#paths[Number(reference) - 1];
    if (path === undefined) return failed(`No variable has the number ${String(reference)}.`);
    const live = this.#session.live;
    const reply = await live?.query((agent) => agent.childrenCode(path), CHILDREN_BOUND_MS);
    const found = reply?.['variables'];
    if (Array.isArray(found)) {
      return succeeded({ variables: this.#shown(found as readonly KnownVariable[], path) });
    }
    const { members = [], types = [] } = live?.knowledge.object(path[0] ?? '') ?? {};
    if (path.length > 1 || members.length === 0) return failed('The session is busy.');
    const known = members.map((name, index) => ({
      name,
      type: types[index] ?? '',
      size: '',
      value: '',
    }));
    return succeeded({ variables: this.#shown(known, path) });
  }

  /** The value as a cell would show it. */
  async #value(name: unknown): Promise<DebugResult> {
    const live = this.#session.live;
    if (typeof name !== 'string' || live === undefined) return failed('There is no such variable.');
    const isVariable = ((await listVariables(live)) ?? []).some((known) => known.name === name);
    if (!isVariable) return failed(`The session has no variable "${name}".`);
    const shown = await live.evaluate(name, VALUE_BOUND_MS);
    if (shown !== undefined) return succeeded({ data: shown.data, metadata: shown.metadata });
    const known = live.knowledge.object(name);
    if (known === undefined) return failed('The session is busy.');
    return succeeded({ data: { 'text/plain': known.value }, metadata: FROM_KNOWLEDGE });
  }
}

function debugInfo(isStarted: boolean): JsonObject {
  return {
    isStarted,
    hashMethod: 'Murmur2',
    hashSeed: 0,
    tmpFilePrefix: '',
    tmpFileSuffix: '',
    breakpoints: [],
    stoppedThreads: [],
    richRendering: true,
    exceptionPaths: [],
    copyToGlobals: false,
  };
}

/** What holds other values and is no plain vector. */
function canOpen(type: string, size: string): boolean {
  return size !== '' && size !== '0' && !PLAIN_TYPES.has(type);
}

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'numeric',
  'integer',
  'character',
  'logical',
  'complex',
  'raw',
  'factor',
  'Date',
  'POSIXct',
  'function',
  'matrix',
  'array',
  'str',
  'bytes',
  'bytearray',
  'ndarray',
  'Series',
  'set',
  'frozenset',
]);

function succeeded(body: JsonObject): DebugResult {
  return { success: true, body };
}

function failed(message: string): DebugResult {
  return { success: false, message };
}
