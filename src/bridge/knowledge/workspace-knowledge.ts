// What the kernel knows of a session's workspace from what the agent sent along with the cells: enough to answer at
// once while the next cell runs. How it is used to answer is in the other files of this folder.
import type { JsonObject, MimeBundle } from '../../jupyter/index.js';
import type { AgentObject, AgentWorkspaceMessage } from '../agent/agent.js';

/** A name and what it stands for: `function`, `class`, `module`, ...; empty when nobody has looked. */
export interface KnownName {
  readonly name: string;
  readonly kind: string;
}

/** A variable, as lists of variables show it. */
export interface KnownVariable {
  readonly name: string;
  readonly type: string;
  /** Length or dimensions; empty for what has none. */
  readonly size: string;
  readonly value: string;
}

/** Help that was shown before. */
export interface KnownHelp {
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
}

/** Help pages are long: so many are kept. */
const HELP_LIMIT = 200;

/** The knowledge of one session. Nothing here waits or asks. */
export class WorkspaceKnowledge {
  #serial = 0;
  #search: readonly string[] = [];
  #files: readonly string[] = [];
  readonly #objects = new Map<string, AgentObject>();
  readonly #spaces = new Map<string, readonly KnownName[]>();
  readonly #functions = new Map<string, string>();
  readonly #help = new Map<string, KnownHelp>();

  /** The state that was told last; 0 when there is none. The agent compares it with its own. */
  get serial(): number {
    return this.#serial;
  }

  /** Takes in what changed. */
  take(message: AgentWorkspaceMessage): void {
    // Before anything was told there was nothing to go stale: help that was asked for until now stays.
    if (message.full === true && this.#serial !== 0) this.clear();
    this.#serial = message.serial;
    for (const object of message.objects ?? []) this.#takeObject(object);
    for (const name of message.gone ?? []) this.#forget(name);
    for (const [label, names] of Object.entries(message.spaces ?? {})) {
      this.#spaces.set(label, names.map(knownName));
    }
    for (const [path, signature] of Object.entries(message.functions ?? {})) {
      this.#functions.set(path, signature);
    }
    this.#search = message.search ?? this.#search;
    this.#files = message.files ?? this.#files;
  }

  /** Forgets everything; the agent tells all of it before the next cell. */
  clear(): void {
    this.#serial = 0;
    this.#search = [];
    this.#files = [];
    for (const map of [this.#objects, this.#spaces, this.#functions, this.#help]) map.clear();
  }

  /** The variables in order of their names, modules left out. */
  variables(): readonly KnownVariable[] {
    return [...this.#objects.values()]
      .filter(({ kind }) => kind !== 'module')
      .map(({ name, type, size, value }) => ({ name, type, size, value }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  object(name: string): AgentObject | undefined {
    return this.#objects.get(name);
  }

  objects(): Iterable<AgentObject> {
    return this.#objects.values();
  }

  /** The names of a package, module or class; empty when they are not known. */
  space(label: string): readonly KnownName[] {
    return this.#spaces.get(label) ?? [];
  }

  /** The labels of all spaces that are known. */
  spaces(): Iterable<string> {
    return this.#spaces.keys();
  }

  /** Names that stand for themselves: those of attached packages, Python's built-in ones. */
  namesOnSearch(): readonly KnownName[] {
    return this.#search.flatMap((label) => this.space(label));
  }

  /** The arguments of a function in parentheses, where they are known. */
  signatureOf(path: string): string | undefined {
    return this.#objects.get(path)?.signature ?? this.#functions.get(path);
  }

  /** Files in the working directory. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Keeps help that the session gave, for when it is busy. */
  keepHelp(path: string, detailLevel: 0 | 1, help: KnownHelp): void {
    const [oldest] = this.#help.keys();
    if (this.#help.size >= HELP_LIMIT && oldest !== undefined) this.#help.delete(oldest);
    this.#help.set(helpKey(path, detailLevel), help);
  }

  help(path: string, detailLevel: 0 | 1): KnownHelp | undefined {
    return this.#help.get(helpKey(path, detailLevel));
  }

  #takeObject(object: AgentObject): void {
    this.#forget(object.name);
    this.#objects.set(object.name, object);
  }

  /** Help on the variable and its members is of its value, too. */
  #forget(name: string): void {
    this.#objects.delete(name);
    for (const key of this.#help.keys()) {
      const path = key.slice(2).replaceAll('`', '');
      const isOfIt = path.startsWith(name) && /^(?:[.$@[]|$)/.test(path.slice(name.length));
      if (isOfIt) this.#help.delete(key);
    }
  }
}

function helpKey(path: string, detailLevel: 0 | 1): string {
  return `${detailLevel} ${path}`;
}

function knownName(text: string): KnownName {
  const [name = '', kind = ''] = /^(.*):([a-z]+)$/s.exec(text)?.slice(1) ?? [text];
  return { name, kind };
}
