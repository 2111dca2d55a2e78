// Prints what the executed notebooks named by the arguments found out: the outputs of their cells tagged `result`.
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Output {
  readonly output_type: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
}

interface Cell {
  readonly cell_type: string;
  readonly metadata: { readonly tags?: readonly string[] };
  readonly outputs?: readonly Output[];
}

const joined = (text: string | readonly string[] | undefined): string =>
  typeof text === 'string' ? text : (text ?? []).join('');

/** Text that was printed goes on where the print before it ended; a result has lines of its own. */
function textOf({ output_type: type, text, data }: Output): string {
  return type === 'stream' ? joined(text) : `${joined(data?.['text/plain'])}\n`;
}

for (const file of process.argv.slice(2)) {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cells: readonly Cell[] };
  const code = cells.filter(({ cell_type: type }) => type === 'code');
  const images = code
    .flatMap(({ outputs = [] }) => outputs)
    .filter(({ data }) => data?.['image/png'] !== undefined);
  console.log(`\n${path.basename(file)}: ${code.length} cells run, ${images.length} figures`);
  for (const { metadata, outputs = [] } of code) {
    if (metadata.tags?.includes('result') !== true) continue;
    const text = outputs.map(textOf).join('').trimEnd();
    console.log(text.replace(/^/gm, '  '));
  }
}
