// Answers about Python code from knowledge alone.
import type { Completions, Inspection } from '../../jupyter/index.js';
import type { AgentObject } from '../agent/agent.js';
import { readPythonCursor, readPythonTopic, type PythonCursor } from '../language/python-cursor.js';
import { firstKnown, knownHelp, noteOfLastCell } from './known-help.js';
import { argumentNames, byName, knownCompletions, members, type Match } from './matches.js';
import type { KnownName, WorkspaceKnowledge } from './workspace-knowledge.js';

const KEYWORDS =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield';

/** Completes Python code. @param cursor - UTF-16 index. */
export function completePython(
  code: string,
  cursor: number,
  knowledge: WorkspaceKnowledge,
): Completions {
  const at = readPythonCursor(code, cursor);
  const place = { start: at.start, end: cursor };
  return knownCompletions(matchesAt(at, knowledge), at.prefix, place);
}

function matchesAt(at: PythonCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  switch (at.kind) {
    case 'none':
      return [];
    case 'member':
      return attributes(at, knowledge);
    case 'key': {
      const object = knowledge.object(at.owner);
      return object?.access === '[' ? members(object) : [];
    }
    case 'string':
      return knowledge.files.map((text) => ({ text, type: 'path' }));
    case 'import':
      return imports(at.owner, knowledge);
    case 'name':
      return [...argumentsOf(at, knowledge), ...names(at.prefix, knowledge)];
  }
}

function attributes(
  { owner, prefix }: PythonCursor,
  knowledge: WorkspaceKnowledge,
): readonly Match[] {
  const object = knowledge.object(owner);
  if (object === undefined)
    return typed(knowledge.space(moduleOf(owner, knowledge)), owner, knowledge);
  const own = object.access === '.' || isTable(object) ? members(object) : [];
  const inherited = typed(knowledge.space(object.space ?? ''), owner, knowledge);
  return [...own, ...inherited].filter(
    ({ text }) => prefix.startsWith('_') || !text.startsWith('_'),
  );
}

/** The columns of a table are attributes, too, where they can be. */
function isTable({ kind }: AgentObject): boolean {
  return kind === 'dataframe';
}

/** `np.random` is the module `numpy.random`. */
function moduleOf(path: string, knowledge: WorkspaceKnowledge): string {
  const [first = '', ...rest] = path.split('.');
  const label = knowledge.object(first)?.space ?? first;
  return [label, ...rest].join('.');
}

function imports(owner: string, knowledge: WorkspaceKnowledge): readonly Match[] {
  if (owner !== '') return typed(knowledge.space(owner), owner, knowledge);
  const modules = [...knowledge.objects()].filter(({ kind }) => kind === 'module');
  return [...new Set(modules.map(({ space = '' }) => space))]
    .sort()
    .map((text) => ({ text, type: 'module' }));
}

function typed(
  found: readonly KnownName[],
  owner: string,
  knowledge: WorkspaceKnowledge,
): readonly Match[] {
  return [...found].sort(byName).map(({ name, kind }) => ({
    text: name,
    type: kind,
    signature: knowledge.signatureOf(owner === '' ? name : `${owner}.${name}`),
  }));
}

function argumentsOf(at: PythonCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  if (!at.isArgumentStart) return [];
  return argumentNames(knowledge.signatureOf(at.call) ?? '')
    .filter((name) => name !== 'self' && name !== 'cls' && !at.given.includes(name))
    .map((name) => ({ text: `${name}=`, type: 'param' }));
}

function names(prefix: string, knowledge: WorkspaceKnowledge): readonly Match[] {
  const own = [...knowledge.objects()]
    .sort(byName)
    .map(({ name, kind, signature }) => ({ text: name, type: kind, signature }));
  if (prefix === '') return own;
  const words = KEYWORDS.split(' ').map((text) => ({ text, type: 'keyword' }));
  const builtIn = knowledge.namesOnSearch().filter(({ name }) => name.startsWith(prefix));
  return [...own, ...words, ...typed(builtIn, '', knowledge)];
}

/** Tells about the name at the cursor, or the function in whose call it is. @param cursor - UTF-16 index. */
export function inspectPython(
  code: string,
  cursor: number,
  detailLevel: 0 | 1,
  knowledge: WorkspaceKnowledge,
): Inspection {
  const { name, call } = readPythonTopic(code, cursor);
  return firstKnown([name, call], (path) => inspectPath(path, detailLevel, knowledge));
}

function inspectPath(
  path: string,
  detailLevel: 0 | 1,
  knowledge: WorkspaceKnowledge,
): Inspection | undefined {
  const kept = knownHelp(path, detailLevel, knowledge);
  if (kept !== undefined) return kept;
  const object = knowledge.object(path);
  const signature = knowledge.signatureOf(path);
  if (signature !== undefined) return noteOfLastCell(`Signature: ${path}${signature}`);
  return object === undefined ? undefined : noteOfLastCell(valueText(object));
}

function valueText({ type, size, value, members = [], types = [] }: AgentObject): string {
  const lines = [`Type:        ${type}`, `String form: ${value}`];
  if (size !== '') lines.push(`${size.includes(' ') ? 'Shape' : 'Length'}:      ${size}`);
  for (const [index, name] of members.entries()) lines.push(`  ${name}: ${types[index] ?? ''}`);
  return lines.join('\n');
}
