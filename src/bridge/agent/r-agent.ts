// The R agent as the bridge sees it: R code that installs it and calls it. The agent itself is in `r/`.
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/index.js';
import type { Agent, AgentOptions } from './agent.js';

/** In the order in which R reads them; `install.R` uses all the others. */
const FILES = [
  'channel.R',
  'evaluate.R',
  'session.R',
  'display.R',
  'plots.R',
  'help.R',
  'code.R',
  'variables.R',
  'install.R',
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
    runCode(code, { silent, executionCount, userExpressions }) {
      const expressions = Object.entries(userExpressions).map(
        ([name, expression]) => `${rString(name)}=${rString(expression)}`,
      );
      const list = expressions.length > 0 ? `,base::c(${expressions.join(',')})` : '';
      return `.rserver_kernel$run(${rString(code)},${rLogical(silent)},${executionCount}L${list})`;
    },
    completeCode: (code, cursor) => `.rserver_kernel$complete(${rString(code)},${cursor}L)`,
    inspectCode: (code, cursor, detailLevel) =>
      `.rserver_kernel$inspect(${rString(code)},${cursor}L,${detailLevel}L)`,
    isCompleteCode: (code) => `.rserver_kernel$is_complete(${rString(code)})`,
    variablesCode: () => '.rserver_kernel$variables()',
    // R names the object in every language it speaks.
    isMissing: (errorMessage) => errorMessage.includes('.rserver_kernel'),
  };
}

function configureCode({ channel, nonce }: AgentOptions): string {
  return `.rserver_kernel$configure(${rString(channel)},${rString(nonce)})`;
}

/** All of the agent in an environment of its own, above nothing but base. */
function agentSource(): string {
  const parts = FILES.map((file) =>
    compactRSource(readFileSync(assetPath(import.meta.url, `./r/${file}`), 'utf8')),
  );
  return `base::local({\n${parts.join('\n')}\n},envir=base::new.env(parent=base::.BaseNamespaceEnv))`;
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
