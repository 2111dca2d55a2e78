// The help of a magic as text, Markdown and HTML, made from what the magic says of itself.
import type { Display } from '../../jupyter/index.js';
import { escapeHtml } from '../display/html.js';
import type { Magic, MagicUsage } from './magic.js';

/** How it is written: `%name`, `%%name` or both. */
export function formsOf({ name, usages }: Magic): readonly string[] {
  const forms = new Set(usages.map(({ form }) => (form === 'cell' ? `%%${name}` : `%${name}`)));
  return [...forms];
}

/** The help of one magic, to show in a notebook. */
export function helpDisplay(magic: Magic): Display {
  const text = helpText(magic);
  return {
    data: {
      'text/plain': text,
      'text/html': `<pre>${escapeHtml(text)}</pre>`,
      'text/markdown': helpMarkdown(magic, '###'),
    },
    metadata: {},
  };
}

/** The help of one magic as Markdown. @param heading - E.g. `##`. */
export function helpMarkdown(magic: Magic, heading: string): string {
  const { usages, options, examples, details, summary } = magic;
  const blocks = [
    `${heading} ${formsOf(magic)
      .map((form) => `\`${form}\``)
      .join(', ')}`,
    summary,
    markdownTable(
      'call',
      usages.map((usage) => [callText(magic, usage), usage.help]),
    ),
    ...(options.length === 0
      ? []
      : [
          markdownTable(
            'option',
            options.map(({ name, value, help }) => [optionText(name, value), help]),
          ),
        ]),
    ...(details === undefined ? [] : [details]),
    ...examples.map((example) => `\`\`\`text\n${example}\n\`\`\``),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The help of one magic as plain text. */
function helpText(magic: Magic): string {
  const { usages, options, examples, details, summary } = magic;
  const calls = usages.map((usage) => callText(magic, usage));
  const names = options.map(({ name, value }) => optionText(name, value));
  const width = Math.max(...[...calls, ...names].map((text) => text.length));
  const row = (left: string, right: string): string => `  ${left.padEnd(width)}  ${right}`;
  return [
    `${formsOf(magic).join(', ')}: ${summary}`,
    '',
    ...usages.map(({ help }, index) => row(calls[index] ?? '', help)),
    ...options.map(({ help }, index) => row(names[index] ?? '', help)),
    ...(details === undefined ? [] : ['', details]),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example.replaceAll('\n', '\n  ')}`),
  ]
    .join('\n')
    .replaceAll('`', '');
}

/** Columns are padded, as the formatter of this project has them. */
function markdownTable(title: string, rows: readonly (readonly [string, string])[]): string {
  const cells = [
    [title, 'what it does'] as const,
    ...rows.map(([code, help]) => [`\`${code.replaceAll('|', String.raw`\|`)}\``, help] as const),
  ];
  const left = Math.max(...cells.map(([text]) => text.length));
  const right = Math.max(...cells.map(([, text]) => text.length));
  const [head = '', ...body] = cells.map(
    ([one, two]) => `| ${one.padEnd(left)} | ${two.padEnd(right)} |`,
  );
  return [head, `| ${'-'.repeat(left)} | ${'-'.repeat(right)} |`, ...body].join('\n');
}

function callText({ name }: Magic, { call, form }: MagicUsage): string {
  return `${form === 'cell' ? '%%' : '%'}${name} ${call}`.trimEnd();
}

function optionText(name: string, value: string | undefined): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}
