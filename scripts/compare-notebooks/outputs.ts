// What a cell of an executed notebook shows, in a shape in which two kernels can be compared: pieces of streams joined,
// colours and addresses in memory taken off, and R's printed values alike whether they came as text or as a value.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export type Language = 'r' | 'python';

/** Forms of one thing that is shown, by media type. */
export type Forms = Readonly<Record<string, string>>;

export interface ShownError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: string;
}

/** All that one code cell shows. */
export interface ShownCell {
  readonly source: string;
  /** What came after what: `text` for any run of stdout and stderr, else the type of the output. */
  readonly order: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly values: readonly Forms[];
  readonly error: ShownError | undefined;
}

type Text = string | readonly string[];

interface StoredOutput {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: Text;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** As much of a notebook file as is compared. */
export interface StoredNotebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: Text;
    readonly outputs?: readonly StoredOutput[];
  }[];
}

/** The code cells of an executed notebook. */
export function readShownCells(file: string, language: Language): readonly ShownCell[] {
  return shownCells(JSON.parse(readFileSync(file, 'utf8')) as StoredNotebook, language);
}

/** As {@link readShownCells}, for a notebook that is read already. */
export function shownCells({ cells }: StoredNotebook, language: Language): readonly ShownCell[] {
  return cells
    .filter((cell) => cell.cell_type === 'code')
    .map((cell) => shownCell(joined(cell.source), cell.outputs ?? [], language));
}

function shownCell(
  source: string,
  outputs: readonly StoredOutput[],
  language: Language,
): ShownCell {
  const order: string[] = [];
  const streams = { stdout: '', stderr: '' };
  const values: Forms[] = [];
  let error: ShownError | undefined;
  for (const output of outputs.map((stored) => asPrinted(stored, language))) {
    const kind = kindOf(output, language);
    if (kind !== 'text' || order.at(-1) !== 'text') order.push(kind);
    if (kind === 'text')
      streams[output.name === 'stderr' ? 'stderr' : 'stdout'] += joined(output.text);
    else if (kind === 'error') error = shownError(output);
    else values.push(formsOf(output));
  }
  return {
    source,
    order,
    stdout: cleaned(streams.stdout),
    stderr: cleaned(streams.stderr),
    values,
    error,
  };
}

/** R's values that are nothing but text: IRkernel shows all as values, R's console prints them. */
function asPrinted(output: StoredOutput, language: Language): StoredOutput {
  const types = Object.keys(output.data ?? {});
  if (language !== 'r' || types.length !== 1 || types[0] !== 'text/plain') return output;
  const text = output.data?.['text/plain'];
  return { output_type: 'stream', name: 'stdout', text: isText(text) ? `${joined(text)}\n` : '' };
}

function kindOf({ output_type: type }: StoredOutput, language: Language): string {
  if (type === 'stream') return 'text';
  // IRkernel has displays only.
  return language === 'r' && type === 'execute_result' ? 'display_data' : type;
}

function shownError({ ename = '', evalue = '', traceback = [] }: StoredOutput): ShownError {
  return { ename, evalue: cleaned(evalue), traceback: cleaned(traceback.join('\n')) };
}

function formsOf({ data = {} }: StoredOutput): Forms {
  return Object.fromEntries(
    Object.entries(data).map(([type, form]) => [
      type,
      isText(form) ? formText(type, form) : JSON.stringify(form),
    ]),
  );
}

const formText = (type: string, form: Text): string =>
  type === 'text/plain' ? cleaned(joined(form)) : joined(form);

const isText = (form: unknown): form is Text =>
  typeof form === 'string' ||
  (Array.isArray(form) && form.every((line) => typeof line === 'string'));

const joined = (text: Text = ''): string => (typeof text === 'string' ? text : text.join(''));

/** Without colours, addresses in memory, IPython's and ipykernel's file names of cells, blanks at the ends of lines. */
function cleaned(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\b0x[0-9a-f]{6,}/g, '0x...')
    .replaceAll(/\/\S*\/ipykernel_\d+\/\d+\.py|<ipython-input-\d+-[0-9a-f]+>/g, '<cell>')
    .replaceAll(/\((?:Cell In\[\d+\]|\d+\.py), line/g, '(<cell>, line')
    .replaceAll(/[ \t]+$/gm, '')
    .trimEnd();
}
