// The documents: those made from the code are up to date, links lead somewhere, commands exist.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, fillSettings, renderErrorsDocument } from '../../../scripts/documents.js';
import { renderMagicsDocument } from '../../../src/bridge/index.js';
import { createProgram } from '../../../src/cli/program.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

async function formatted(file: string, content: string): Promise<string> {
  const options = await resolveConfig(path.join(ROOT, file));
  return format(content, { ...options, parser: 'markdown' });
}

describe('documents made from the code are up to date (npm run generate)', () => {
  test('errors', async () => {
    expect(read('docs/errors.md')).toBe(await formatted('docs/errors.md', renderErrorsDocument()));
  });

  test('magics', async () => {
    expect(read('docs/magics.md')).toBe(await formatted('docs/magics.md', renderMagicsDocument()));
  });

  test('settings', async () => {
    const present = read('docs/configuration.md');

    expect(present).toBe(await formatted('docs/configuration.md', fillSettings(present)));
  });
});

describe('error codes', () => {
  /** Codes as the sources use them, not as the tables list them. */
  function codesInSources(): readonly string[] {
    const files = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const code = String.raw`'((?:CONFIG|CLIENT|BRIDGE|WIRE|JUPYTER|RUNTIME|API)_[A-Z_]+)'`;
    const codes = files
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const isTable = /(^|[\\/])error(s|-codes)\.ts$/.test(name);
        const pattern = new RegExp(isTable ? String.raw`super\(\s*${code}` : code, 'g');
        return [...read(path.join('src', name)).matchAll(pattern)].map(([, found = '']) => found);
      });
    return [...new Set(codes)].filter((code) => !/_DIRS?$/.test(code)).sort(); // Jupyter's own variables
  }

  test('that the sources use are all in the document', () => {
    expect(codesInSources().filter((code) => !ERROR_CODES.includes(code))).toEqual([]);
  });

  test('in the document are used, but for those of the contract that are not offered yet', () => {
    const used = codesInSources();

    const unused = ERROR_CODES.filter((code) => !code.startsWith('API_') && !used.includes(code));
    expect(unused).toEqual([]);
  });
});

describe.each(DOCUMENTS)('%s', (file) => {
  const text = read(file);

  test('has links that lead to files', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const broken = links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(path.resolve(ROOT, path.dirname(file), target)));

    expect(broken).toEqual([]);
  });

  test('names commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const commands = ['help', ...createProgram().commands.map((command) => command.name())];
    const code = [...text.matchAll(/```sh\n([\s\S]*?)```|`([^`\n]+)`/g)]
      .map(([, block, inline]) => block ?? inline ?? '')
      .join('\n');

    const unknown = [
      ...[...code.matchAll(/\bnpm run ([\w:-]+)/g)].filter(([, name = '']) => !(name in scripts)),
      ...[...code.matchAll(/(?:^|[\s;])(scripts\/[\w-]+)(?=\s|$|;)/gm)].filter(
        ([, script = '']) => !isExecutable(script),
      ),
      ...[...code.matchAll(/\brserver-kernel ([a-z]+)/g)].filter(
        ([, name = '']) => !commands.includes(name),
      ),
    ].map(([command]) => command);

    expect(unknown).toEqual([]);
  });
});

function isExecutable(file: string): boolean {
  const full = path.join(ROOT, file);
  return existsSync(full) && (statSync(full).mode & 0o100) !== 0;
}
