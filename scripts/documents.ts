// The parts of docs/ that are made from the code: the error list and the tables of settings.
import { API_ERROR_CODES } from '../src/api/index.js';
import { BRIDGE_ERROR_CODES } from '../src/bridge/index.js';
import {
  CONFIG_ERROR_CODES,
  OTHER_VARIABLES,
  SETTINGS,
  type SettingDefinition,
} from '../src/cli/index.js';
import { CLIENT_ERROR_CODES } from '../src/client/index.js';
import { JUPYTER_ERROR_CODES } from '../src/jupyter/index.js';
import { RUNTIME_ERROR_CODES } from '../src/runtimes/index.js';

interface CodeText {
  readonly cause: string;
  readonly remedy: string;
  readonly statusCode?: number;
}

const CHAPTERS: readonly {
  readonly title: string;
  readonly introduction: string;
  readonly codes: Readonly<Record<string, CodeText>>;
}[] = [
  {
    title: 'Configuration and command line',
    introduction:
      'A command says these in one line on stderr and ends with status 2; in a kernel they are the error of the first cell.',
    codes: CONFIG_ERROR_CODES,
  },
  {
    title: 'Between kernel and server',
    introduction: 'They are the error of the cell that needed the server.',
    codes: CLIENT_ERROR_CODES,
  },
  {
    title: 'Cells, sessions and magics',
    introduction: 'They are the error of the cell.',
    codes: BRIDGE_ERROR_CODES,
  },
  {
    title: 'Between front end and kernel',
    introduction: 'Most of them are only logged.',
    codes: JUPYTER_ERROR_CODES,
  },
  {
    title: 'Answers of the embedded server',
    introduction: 'The field `code` of a failing answer, beside the HTTP status.',
    codes: API_ERROR_CODES,
  },
  {
    title: 'R and Python processes of the embedded server',
    introduction:
      'Logged by the server; what a client may know of them comes as an answer of the chapter above.',
    codes: RUNTIME_ERROR_CODES,
  },
];

/** All error codes, by chapter. */
export const ERROR_CODES: readonly string[] = CHAPTERS.flatMap(({ codes }) => Object.keys(codes));

/** The whole of `docs/errors.md`. */
export function renderErrorsDocument(): string {
  const chapters = CHAPTERS.map(({ title, introduction, codes }) => {
    const entries = Object.entries(codes).map(([code, { cause, remedy, statusCode }]) => {
      const status = statusCode === undefined ? '' : ` (HTTP ${statusCode})`;
      return `### ${code}${status}\n\n${cause}\n\n**What to do:** ${remedy}\n`;
    });
    return `## ${title}\n\n${introduction}\n\n${entries.join('\n')}`;
  });
  return [
    '# Errors\n',
    'Every error of rserver-kernel has a code that does not change. This list is made from the code (`npm run generate`).\n',
    'An error in your own R or Python code has none: it is shown as R or Python shows it.\n',
    chapters.join('\n'),
  ].join('\n');
}

const BEGIN = '<!-- generated: settings -->';
const END = '<!-- end -->';

/** A document with the tables of settings put between its two marks. */
export function fillSettings(document: string): string {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${BEGIN} or ${END} is missing`);
  return `${before}${BEGIN}\n\n${renderSettings()}\n${END}${after}`;
}

function renderSettings(): string {
  const rows = Object.entries<SettingDefinition>(SETTINGS).map(([key, definition]) => [
    `\`${key}\``,
    `\`${definition.environment}\``,
    kindText(definition),
    definition.defaultValue === undefined ? '' : `\`${definition.defaultValue}\``,
    placesText(definition),
    definition.help.replaceAll('|', '\\|'),
  ]);
  const others = Object.entries(OTHER_VARIABLES).map(([name, help]) => [`\`${name}\``, help]);
  return [
    table(['Setting', 'Environment', 'Value', 'Default', 'May come from', 'What it does'], rows),
    'And these are variables of the environment only:\n',
    table(['Variable', 'What it does'], others),
  ].join('\n');
}

function kindText({ kind }: SettingDefinition): string {
  if (typeof kind !== 'string') return kind.map((word) => `\`${word}\``).join(', ');
  return kind === 'proxy' ? 'url' : kind;
}

function placesText({ places }: SettingDefinition): string {
  const all = ['flag', 'environment', 'notebook', 'profile', 'cell'];
  return all.every((place) => places.some((own) => own === place)) ? 'anywhere' : places.join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
