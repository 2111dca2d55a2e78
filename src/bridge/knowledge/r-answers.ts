// Answers about R code from knowledge alone.
import type { Completions, Inspection } from '../../jupyter/index.js';
import type { AgentObject } from '../agent/agent.js';
import { readRCursor, readRTopic, type RCursor } from '../language/r-cursor.js';
import { unquoted } from '../language/tokens.js';
import { firstKnown, knownHelp, noteOfLastCell } from './known-help.js';
import { argumentNames, byName, knownCompletions, members, type Match } from './matches.js';
import type { WorkspaceKnowledge } from './workspace-knowledge.js';

const RESERVED_WORDS =
  'if else repeat while function for next break in TRUE FALSE NULL Inf NaN NA NA_integer_ NA_real_ NA_character_';
const PACKAGE_CALLS = new Set(['library', 'require', 'requireNamespace', 'loadNamespace']);
const PLAIN_NAME = /^(?:[\p{L}\p{M}]|\.(?!\d))[\p{L}\p{M}\p{N}._]*$/u;

/** Completes R code. @param cursor - UTF-16 index. */
export function completeR(
  code: string,
  cursor: number,
  knowledge: WorkspaceKnowledge,
): Completions {
  const at = readRCursor(code, cursor);
  const place = { start: at.start, end: cursor };
  return knownCompletions(matchesAt(at, knowledge), at.prefix, place);
}

function matchesAt(at: RCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  switch (at.kind) {
    case 'none':
      return [];
    case 'member':
      return membersOf(at, knowledge);
    case 'string':
      return stringsFor(at, knowledge);
    case 'help':
      return names(at.prefix, knowledge);
    case 'name': {
      if (PACKAGE_CALLS.has(at.call) && at.isArgumentStart) return packages(knowledge, '');
      return [...argumentsOf(at, knowledge), ...names(at.prefix, knowledge)];
    }
  }
}

function membersOf({ owner, operator }: RCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  if (operator.startsWith('::')) {
    return [...knowledge.space(`package:${unquoted(owner)}`)]
      .sort(byName)
      .map(({ name, kind }) => ({ text: written(name), type: kind }));
  }
  const object = knowledge.object(unquoted(owner));
  return object?.access === operator ? members(object, written) : [];
}

function stringsFor(at: RCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  if (at.subset !== '') {
    const object = knowledge.object(unquoted(at.subset));
    return object === undefined ? [] : members(object);
  }
  if (PACKAGE_CALLS.has(at.call)) return packages(knowledge, '');
  return knowledge.files.map((text) => ({ text, type: 'file' }));
}

function argumentsOf(at: RCursor, knowledge: WorkspaceKnowledge): readonly Match[] {
  if (!at.isArgumentStart) return [];
  return argumentNames(signatureOf(at.call, knowledge) ?? '')
    .filter((name) => !at.given.includes(unquoted(name)))
    .map((name) => ({ text: `${name} = `, type: 'param' }));
}

function names(prefix: string, knowledge: WorkspaceKnowledge): readonly Match[] {
  const own = [...knowledge.objects()]
    .sort(byName)
    .map(({ name, kind, signature }) => ({ text: written(name), type: kind, signature }));
  if (prefix === '') return own;
  const attached = knowledge
    .namesOnSearch()
    .filter(({ name }) => name.startsWith(prefix))
    .sort(byName)
    .map(({ name, kind }) => ({
      text: written(name),
      type: kind,
      signature: knowledge.signatureOf(name),
    }));
  const words = RESERVED_WORDS.split(' ').map((text) => ({ text, type: 'keyword' }));
  return [...own, ...words, ...attached, ...packages(knowledge, '::')];
}

function packages(knowledge: WorkspaceKnowledge, suffix: string): readonly Match[] {
  return [...knowledge.spaces()]
    .filter((label) => label.startsWith('package:'))
    .map((label) => ({ text: label.slice('package:'.length) + suffix, type: 'module' }));
}

/** Tells about the name at the cursor, or the function in whose call it is. @param cursor - UTF-16 index. */
export function inspectR(
  code: string,
  cursor: number,
  detailLevel: 0 | 1,
  knowledge: WorkspaceKnowledge,
): Inspection {
  const { name, call } = readRTopic(code, cursor);
  return firstKnown([name, call], (path) => inspectPath(path, detailLevel, knowledge));
}

function inspectPath(
  path: string,
  detailLevel: 0 | 1,
  knowledge: WorkspaceKnowledge,
): Inspection | undefined {
  const kept = knownHelp(path, detailLevel, knowledge);
  if (kept !== undefined) return kept;
  const object = knowledge.object(unquoted(path));
  if (object !== undefined && object.kind !== 'function') return noteOfLastCell(valueText(object));
  const signature = signatureOf(path, knowledge);
  return signature === undefined ? undefined : noteOfLastCell(`${path}${signature}`);
}

function valueText({ type, size, value, members = [], types = [] }: AgentObject): string {
  const lines = [`Class: ${type}`];
  if (size !== '') lines.push(`${size.includes(' ') ? 'Dimensions' : 'Length'}: ${size}`);
  if (members.length === 0) lines.push(value);
  for (const [index, name] of members.entries()) lines.push(` ${name}: ${types[index] ?? ''}`);
  return lines.join('\n');
}

/** Functions are told by their plain names. */
function signatureOf(path: string, knowledge: WorkspaceKnowledge): string | undefined {
  return knowledge.signatureOf(unquoted(path.replace(/^.*:/, '')));
}

/** A name as it is written in code: in backticks when it is none otherwise. */
function written(name: string): string {
  return PLAIN_NAME.test(name) ? name : `\`${name.replaceAll('`', '\\`')}\``;
}
