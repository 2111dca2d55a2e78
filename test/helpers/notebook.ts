// Notebooks as data: made for a test, and read after a front end has run them.
import { readFileSync, writeFileSync } from 'node:fs';

export interface NotebookOutput {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string | string[];
  readonly data?: Readonly<Record<string, string | string[]>>;
  readonly ename?: string;
  readonly evalue?: string;
}

interface NotebookCell {
  readonly cell_type: string;
  readonly source: string | string[];
  readonly outputs?: readonly NotebookOutput[];
}

export type KernelName = 'rserver-r' | 'rserver-python';

/** Writes a notebook of code cells; a cell may carry tags. */
export function writeNotebook(
  file: string,
  kernelName: KernelName,
  cells: readonly (string | { readonly source: string; readonly tags: readonly string[] })[],
): void {
  const language = kernelName === 'rserver-r' ? 'R' : 'python';
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: kernelName, display_name: kernelName, language },
      language_info: { name: language },
    },
    cells: cells.map((cell, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      execution_count: null,
      outputs: [],
      metadata: typeof cell === 'string' ? {} : { tags: cell.tags },
      source: typeof cell === 'string' ? cell : cell.source,
    })),
  };
  writeFileSync(file, JSON.stringify(notebook));
}

/** The arguments with which `jupyter` runs a notebook to its end; the result goes to `output`, else over the notebook. */
export function nbconvertArguments(
  file: string,
  output?: string,
  ...options: readonly string[]
): readonly string[] {
  const target = output === undefined ? ['--inplace'] : ['--output', output];
  return ['nbconvert', '--to', 'notebook', '--execute', ...options, ...target, file];
}

/** The outputs of each code cell, in order. */
export function readOutputs(file: string): readonly (readonly NotebookOutput[])[] {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: NotebookCell[] };
  return notebook.cells
    .filter((cell) => cell.cell_type === 'code')
    .map((cell) => cell.outputs ?? []);
}

const joined = (text: string | string[] | undefined): string =>
  Array.isArray(text) ? text.join('') : (text ?? '');

/** All text a cell shows: streams, plain results and errors, in order. */
export function textOf(outputs: readonly NotebookOutput[]): string {
  return outputs
    .map((output) =>
      output.output_type === 'error'
        ? `${output.ename ?? ''}: ${output.evalue ?? ''}`
        : joined(output.text) || joined(output.data?.['text/plain']),
    )
    .join('');
}

/** Bytes of the cell's PNG images. */
export function imagesOf(outputs: readonly NotebookOutput[]): readonly Buffer[] {
  return outputs.flatMap((output) => {
    const image = output.data?.['image/png'];
    return image === undefined ? [] : [Buffer.from(joined(image), 'base64')];
  });
}
