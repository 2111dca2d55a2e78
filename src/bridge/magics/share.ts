// %share: a variable of one session of the notebook becomes a variable of the other, in the other language.
import { AppError } from '../../base/index.js';
import { formatBytes } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { languageOf, type Language } from '../language/languages.js';
import { isSessionGone } from '../session-failures.js';
import { Digests } from '../transfer/digests.js';
import { showProgress } from '../transfer/progress.js';
import { cleanUp, sendFile, temporaryName, untold } from '../transfer/remote-files.js';
import { callTransfer, type TransferSession } from '../transfer/session-code.js';
import type { Magic, MagicContext } from './magic.js';
import { NAME, readWords } from './words.js';

const OPTIONS = { to: 'value', as: 'value' } as const;

export const shareMagic: Magic = {
  name: 'share',
  summary: 'Copies a variable between the R and the Python session of the notebook.',
  usages: [
    {
      call: 'NAME [NAME ...]',
      form: 'line',
      help: "Copies variables of this kernel's language to the other language.",
    },
  ],
  options: [
    {
      name: 'to',
      value: 'LANGUAGE',
      help: "`r` or `python`: where to. Default: the language that is not this kernel's.",
    },
    { name: 'as', value: 'NAME', help: 'The name of the copy.' },
  ],
  examples: ['%share sales', '%share fitted --to r --as fit'],
  details:
    'Data frames, vectors, factors, matrices, dates and times travel typed, missing values included; docs/moving-data.md has the table. Inside a cell of the other language the same line works the other way.',
  complete: (words) => (words.at(-1) === '--to' ? ['r', 'python'] : []),
  async run({ argument }, context) {
    const { words, options } = readWords('share', argument, OPTIONS);
    const as = typeof options['as'] === 'string' ? options['as'] : undefined;
    const wrong = [...words, ...(as === undefined ? [] : [as])].find((name) => !NAME.test(name));
    if (words.length === 0 || wrong !== undefined || (as !== undefined && words.length > 1)) {
      throw new BridgeError(
        'BRIDGE_MAGIC_USAGE',
        wrong === undefined
          ? '%share wants the name of a variable.'
          : `%share: "${wrong}" is not a variable's name.`,
      );
    }
    const to = targetOf(options['to'], context);
    const from = languageOf(to.name === 'R' ? 'python' : 'R');
    const source = await sessionOf(from, context);
    const target = await sessionOf(to, context);
    try {
      for (const name of words) await share(name, as ?? name, source, target, context);
      return undefined;
    } catch (error) {
      throw await explainLoss(error, context);
    }
  },
};

function targetOf(asked: string | true | undefined, { language }: MagicContext): Language {
  if (asked === undefined) return languageOf(language.name === 'R' ? 'python' : 'R');
  if (asked === 'r' || asked === 'R') return languageOf('R');
  if (asked === 'python') return languageOf('python');
  throw new BridgeError('BRIDGE_MAGIC_USAGE', '%share --to takes r or python.');
}

async function sessionOf(
  language: Language,
  { language: own, session, companion, cell }: MagicContext,
): Promise<TransferSession> {
  const life = language.name === own.name ? session : await companion.ready(cell);
  const live = await life.ready(cell);
  return { live, language, limits: life.configuration.settings };
}

/** The second session may be gone: that says nothing about the notebook's own, whose conclusions the cell draws. */
async function explainLoss(error: unknown, { companion, session }: MagicContext): Promise<unknown> {
  const { live } = companion.session ?? {};
  if (live === undefined || live.id === session.live?.id) return error;
  if (!(error instanceof AppError) || !isSessionGone(error)) return error;
  const entries = await live.client.sessions.list();
  if (entries.some(({ id }) => id === live.id)) return error;
  await companion.session?.explain(error);
  return new BridgeError(
    'BRIDGE_TRANSFER',
    `The ${companion.language.runtimeType} session is gone, and its variables with it.`,
    { cause: error, hint: 'Run the cell again: it opens a new session.' },
  );
}

async function share(
  name: string,
  copy: string,
  source: TransferSession,
  target: TransferSession,
  context: MagicContext,
): Promise<void> {
  const { signal, print } = context;
  const file = temporaryName('.frame');
  try {
    const reports = await callTransfer(source, 'save_file', [name, 'frame', file], signal);
    const about = reports.find(([word]) => word === 'file');
    if (about === undefined) {
      const isMissing = reports.some(([word]) => word === 'missing');
      if (!isMissing) throw untold();
      throw new BridgeError(
        'BRIDGE_OBJECT_NOT_FOUND',
        `The ${source.language.runtimeType} session has no variable "${name}".`,
      );
    }
    const [, size, ...digest] = about;
    const bytes = Number(size);
    const progress = showProgress(`Sharing ${name}`, bytes, context);
    const content = await source.live.client.files.get(source.live.id, file, { signal });
    await sendFile(target, file, content, new Digests(progress.at, digest), signal);
    progress.end();
    const [report] = await callTransfer(
      target,
      'load_file',
      [file, 'frame', copy, undefined],
      signal,
    );
    const [, type = '', rows = '', columns = ''] = report ?? [];
    print(
      `Variable ${name} copied to ${target.language.runtimeType}: ${copy} (${type}, ${rows} x ${columns}, ${formatBytes(bytes)})`,
    );
  } finally {
    await Promise.all([cleanUp(source, [file]), cleanUp(target, [file])]);
  }
}
