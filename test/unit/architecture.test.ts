// Keeps the layer table of docs/architecture.md, finds import cycles, fails on an unlisted folder.
// It sees static relative imports in .ts files only, not dynamic import() or package imports.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

/** Which folders under `src/` each folder may import. Everything absent is forbidden. */
const ALLOWED: Record<string, readonly string[]> = {
  base: [],
  jupyter: ['base'],
  api: ['base'],
  client: ['api', 'base'],
  runtimes: ['base'],
  server: ['api', 'runtimes', 'base'],
  bridge: ['jupyter', 'client', 'api', 'base'],
  cli: ['bridge', 'server', 'runtimes', 'client', 'api', 'jupyter', 'base'],
};

const SRC = path.resolve(import.meta.dirname, '../../src');

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
}

function relativeImports(file: string): string[] {
  const text = readFileSync(path.join(SRC, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b(?:[^'";]*\bfrom)?\s*['"](\.[^'"]+)['"]/gm),
  ];
  return specifiers.map(([, specifier = '']) =>
    path.relative(SRC, path.resolve(SRC, path.dirname(file), specifier)).replace(/\.js$/, '.ts'),
  );
}

const folderOf = (file: string): string => file.split(path.sep)[0] ?? file;

/** Files on an import cycle, or an empty list. Depth-first; `trail` is the path walked so far. */
function findCycle(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, trail: string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const cycle = walk(next, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = walk(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe('architecture', () => {
  const graph = new Map(sourceFiles().map((file) => [file, relativeImports(file)]));

  test('every folder imports only what the table allows', () => {
    const offences = [...graph].flatMap(([file, targets]) =>
      targets
        .filter((target) => folderOf(target) !== folderOf(file))
        .filter((target) => !ALLOWED[folderOf(file)]?.includes(folderOf(target)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(offences).toEqual([]);
  });

  test('no import cycles', () => {
    expect(findCycle(graph)).toEqual([]);
  });

  test('the table names exactly the folders that exist', () => {
    const folders = [...new Set([...graph.keys()].map(folderOf))].sort();
    expect(Object.keys(ALLOWED).sort()).toEqual(folders);
  });
});
