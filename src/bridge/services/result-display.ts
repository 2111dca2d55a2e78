// Shows what a service answered: its console output, its outputs as typed values, and the files it made.
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ConsumeResult } from '../../client/index.js';
import type { Display, MimeBundle } from '../../jupyter/index.js';
import { escapeHtml } from '../display/html.js';
import { formatBytes } from '../display/tables.js';
import { valueDisplay } from '../display/values.js';
import { BridgeError } from '../errors.js';
import { writeLocalFile } from '../magics/local-file.js';
import type { MagicContext } from '../magics/magic.js';

/** Lines of a text file that are shown. */
const PREVIEW_LINES = 20;
/** A larger file is not put into the notebook. */
const MOST_LINK_BYTES = 1_000_000;

const IMAGES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
};
const TEXTS: ReadonlySet<string> = new Set([
  '.csv',
  '.tsv',
  '.txt',
  '.json',
  '.md',
  '.log',
  '.xml',
]);

/**
 * Shows an answer. Files are saved in `folder` if one is given.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_FAILED` when the service failed; what it printed is shown before.
 * @throws {BridgeError} `BRIDGE_LOCAL_FILE`.
 */
export async function showResult(
  result: ConsumeResult,
  service: string,
  folder: string | undefined,
  context: MagicContext,
): Promise<void> {
  const { show, print } = context;
  if (result.consoleOutput !== '') print(result.consoleOutput.replace(/\n$/, ''));
  if (!result.success) throw serviceFailed(service, result.errorMessage);
  for (const [name, value] of Object.entries(result.outputParameters)) {
    show(valueDisplay(name, value));
  }
  for (const [name, content] of Object.entries(result.outputFiles)) {
    if (content === null) print(`The service made no file ${name}.`);
    else show(fileDisplay(name, content));
    if (content !== null && folder !== undefined) await saveFile(name, content, folder, context);
  }
}

/** The code of a service failed. */
export function serviceFailed(service: string, errorMessage: string): BridgeError {
  return new BridgeError('BRIDGE_SERVICE_FAILED', `${service} failed: ${errorMessage.trim()}`);
}

/** A file that a service made: an image as an image, text by its first lines, with a link to all of it. */
function fileDisplay(name: string, content: Buffer): Display {
  const extension = path.extname(name).toLowerCase();
  const mimeType = IMAGES[extension];
  const title = `${name} (${formatBytes(content.length)})`;
  const metadata = { rserver: { file: name, bytes: content.length } };
  if (mimeType !== undefined) {
    const image = extension === '.svg' ? content.toString('utf8') : content.toString('base64');
    return { data: { [mimeType]: image, 'text/plain': title }, metadata };
  }
  const preview = TEXTS.has(extension) ? previewOf(content) : '';
  return { data: linkBundle(name, title, preview, content), metadata };
}

function linkBundle(name: string, title: string, preview: string, content: Buffer): MimeBundle {
  const shownPreview = preview === '' ? '' : `\n<pre>${escapeHtml(preview)}</pre>`;
  const address = `data:application/octet-stream;base64,${content.toString('base64')}`;
  const link =
    content.length > MOST_LINK_BYTES
      ? escapeHtml(title)
      : `<a href="${address}" download="${escapeHtml(path.basename(name))}">${escapeHtml(title)}</a>`;
  return {
    'text/plain': preview === '' ? title : `${title}\n${preview}`,
    'text/html': link + shownPreview,
  };
}

function previewOf(content: Buffer): string {
  const lines = content.toString('utf8').trimEnd().split(/\r?\n/);
  const shown = lines.slice(0, PREVIEW_LINES).join('\n');
  const more = lines.length - PREVIEW_LINES;
  return more > 0 ? `${shown}\n(${more.toString()} more lines)` : shown;
}

async function saveFile(
  name: string,
  content: Buffer,
  folder: string,
  { signal, print }: MagicContext,
): Promise<void> {
  const target = path.join(folder, path.basename(name));
  const options = { replaces: true, signal };
  const { file } = await writeLocalFile(target, name, Readable.from([content]), options);
  print(`File ${name} saved: ${file}`);
}
