// The R agent as the bridge sees it: R code that installs it and calls it. The agent itself is in `r/`.
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/index.js';
import { readRCursor, readRTopic } from '../language/r-cursor.js';
import { fromCodePointIndex, toCodePointIndex } from '../text-positions.js';
import type { Agent, AgentOptions } from './agent.js';

/** What every cell needs, in the order in which R reads it. */
const CORE_FILES = ['parts.R', 'channel.R', 'evaluate.R', 'session.R', 'display.R'];

/** What is parsed when it is first used: definitions only. `install.R` comes after all and puts the agent in place. */
const PART_FILES = [
  'failures.R',
  'forms.R',
  'tables.R',
  'custom.R',
  'json.R',
  'markup.R',
  'helpers.R',
  'plots.R',
  'help.R',
  'code.R',
  'variables.R',
  'knowledge.R',
  'services.R',
  'stdin.R',
];

/** R's parser takes at most 10 000 characters in a string with Unicode escapes. @see R's gram.y, `mkString2` */
const MAX_ESCAPED_LENGTH = 5000;

/** The agent for R sessions; works in R 3.3 and later. */
export function createRAgent(): Agent {
  let source: string | undefined;
  return {
    installCode(options) {
      source ??= agentSource();
      return `${source}\n${configureCode(options)}`;
    },
    configureCode,
    runCode(code, { silent, executionCount, userExpressions, known }) {
      const expressions = Object.entries(userExpressions).map(
        ([name, expression]) => `${rString(name)}=${rString(expression)}`,
      );
      const list = expressions.length > 0 ? `,base::c(${expressions.join(',')})` : '';
      const state = known === undefined ? '' : `,known=${known}`;
      return `.rserver_kernel$run(${rString(code)},${rLogical(silent)},${executionCount}L${list}${state})`;
    },
    completeCode,
    inspectCode(code, cursor, detailLevel) {
      const { name, call } = readRTopic(code, fromCodePointIndex(code, cursor));
      return `.rserver_kernel$inspect(${rString(name)},${rString(call)},${detailLevel}L)`;
    },
    isCompleteCode: (code) => `.rserver_kernel$is_complete(${rString(code)})`,
    variablesCode: () => '.rserver_kernel$variables()',
    childrenCode: (path) => `.rserver_kernel$children(base::c(${path.map(rString).join(',')}))`,
    typesCode: (names) => `.rserver_kernel$types(base::c(${names.map(rString).join(',')}))`,
    // R names the object in every language it speaks.
    isMissing: (errorMessage) => errorMessage.includes('.rserver_kernel'),
  };
}

/** Where the cursor stands is found out here; the session looks up what there is. */
function completeCode(code: string, position: number): string {
  const { kind, prefix, start, isArgumentStart, given, ...place } = readRCursor(
    code,
    fromCodePointIndex(code, position),
  );
  const texts = Object.entries(place)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `,${name}=${rString(text)}`);
  const names = given.length > 0 ? `,given=base::c(${given.map(rString).join(',')})` : '';
  const flags = isArgumentStart ? ',begins=TRUE' : '';
  const range = `${toCodePointIndex(code, start)}L,${position}L`;
  return `.rserver_kernel$complete("${kind}",${rString(prefix)},${range}${texts.join('')}${flags}${names})`;
}

function configureCode({ channel, nonce }: AgentOptions): string {
  return `.rserver_kernel$configure(${rString(channel)},${rString(nonce)})`;
}

/** All of the agent in an environment of its own, above nothing but base. Text: see `parts.R`. */
function agentSource(): string {
  const core = CORE_FILES.map((file) => compactRSource(readSource(file))).join('\n');
  const body = [
    evaluateText(core),
    ...PART_FILES.map(partCode),
    evaluateText(compactRSource(readSource('install.R'))),
  ].join('\n');
  // R's just-in-time compiler would compile what runs but once.
  const quick = `jit<-.Internal(enableJIT(0L))\ntryCatch({\n${body}\n},finally=.Internal(enableJIT(jit)))`;
  return `base::local({\n${quick}\n},envir=base::new.env(parent=base::.BaseNamespaceEnv))`;
}

function evaluateText(source: string): string {
  return `base::eval(base::parse(text=${rString(source)},keep.source=FALSE))`;
}

function partCode(file: string): string {
  const source = readSource(file);
  // What is indented is inside a function.
  const names = [...source.matchAll(/^([.\w]+) <- /gm)].map(([, name = '']) => rString(name));
  return `add_part(${rString(compactRSource(source))},base::c(${names.join(',')}))`;
}

function readSource(file: string): string {
  return readFileSync(assetPath(import.meta.url, `./r/${file}`), 'utf8');
}

/**
 * R source without comments, indentation and empty lines: what travels to the session with every install.
 *
 * @param source - Must keep every string on one line.
 */
export function compactRSource(source: string): string {
  return source
    .split('\n')
    .map((line) => withoutComment(line).trim())
    .filter((line) => line !== '')
    .join('\n');
}

function withoutComment(line: string): string {
  let quote = '';
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (quote !== '') {
      if (char === '\\') index += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '#') return line.slice(0, index);
  }
  return line;
}

function rLogical(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

/**
 * An R expression in ASCII whose value is the text: a string literal, or `paste0` of several.
 *
 * Line ends become `\n`. NUL, which no R string can hold, becomes U+FFFD. Unpaired surrogates do, too.
 * Unicode escapes and not raw UTF-8: R marks such strings as UTF-8 in every locale.
 */
export function rString(text: string): string {
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '\ufffd')
    .replace(/\p{Surrogate}/gu, '\ufffd');
  if (isAscii(clean)) return `"${escapeAscii(clean)}"`;
  const literals = chunksOf(Array.from(clean)).map((chunk) => `"${escapeUnicode(chunk)}"`);
  return literals.length === 1 ? literals.join('') : `base::paste0(${literals.join(',')})`;
}

function chunksOf(characters: readonly string[]): string[] {
  const chunks: string[] = [];
  for (let start = 0; start < characters.length; start += MAX_ESCAPED_LENGTH) {
    chunks.push(characters.slice(start, start + MAX_ESCAPED_LENGTH).join(''));
  }
  return chunks;
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- all of ASCII is meant
  return /^[\x00-\x7f]*$/.test(text);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\t': '\\t',
};

/** Control characters by octal escapes: R forbids hex and octal beside Unicode escapes, not alone. */
function escapeAscii(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- control characters are what is escaped
    /[\\"\x00-\x1f\x7f]/g,
    (char) => SHORT_ESCAPES[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

function escapeUnicode(text: string): string {
  // eslint-disable-next-line no-control-regex -- everything but printable ASCII is escaped
  return text.replace(/[\\"\x00-\x1f\x7f]|[^\x00-\x7f]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return (
      SHORT_ESCAPES[char] ??
      (code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`)
    );
  });
}
