// %%publish: makes the code of the cell a web service.
import type { PublishWebServiceRequest } from '../../api/index.js';
import { BridgeError } from '../errors.js';
import { textDisplay } from '../display/tables.js';
import { readInputList, readServiceArguments } from '../services/arguments.js';
import { completeDefinitions, readDefinitions, TYPE_NAMES } from '../services/definitions.js';
import {
  publish,
  snapshotName,
  type Publication,
  type Published,
  type SnapshotChoice,
} from '../services/publication.js';
import { showResult } from '../services/result-display.js';
import { serviceDisplay } from '../services/service-display.js';
import { resolveInputs } from '../services/session-values.js';
import { readLocalFile } from './local-file.js';
import type { Magic, MagicCall, MagicContext } from './magic.js';
import { completeService } from './service-words.js';
import type { OptionNames } from './words.js';

const OPTIONS = {
  inputs: 'value',
  outputs: 'value',
  snapshot: 'value',
  'no-snapshot': 'flag',
  'init-code': 'value',
  artifacts: 'value',
  alias: 'value',
  description: 'value',
  update: 'flag',
  'dry-run': 'flag',
  test: 'value',
} as const satisfies OptionNames;

export const publishMagic: Magic = {
  name: 'publish',
  summary: 'Publishes the code of the cell as a web service.',
  usages: [
    {
      call: 'NAME [VERSION]',
      form: 'cell',
      help: 'The cell is the code; each call of the service runs it. Without a version the server makes one up.',
    },
  ],
  awaitsSnapshots: true,
  options: [
    {
      name: 'inputs',
      value: 'NAME:TYPE,...',
      help: 'The inputs. A type that is left out is that of the variable in the session.',
    },
    { name: 'outputs', value: 'NAME:TYPE,...', help: 'The outputs, in the same way.' },
    {
      name: 'snapshot',
      value: 'X',
      help: 'The snapshot, by name or id, in which each call runs. Default: one made of the session now, named after the service.',
    },
    { name: 'no-snapshot', help: 'Calls run in an empty workspace.' },
    {
      name: 'init-code',
      value: 'CODE',
      help: 'Code that prepares the workspace for the calls; `@FILE` reads it from a file.',
    },
    {
      name: 'artifacts',
      value: 'FILE,...',
      help: 'Files of the code that each answer brings along.',
    },
    {
      name: 'alias',
      value: 'NAME',
      help: 'What the call is named in clients made from its Swagger file.',
    },
    { name: 'description', value: 'TEXT', help: 'What the service is for.' },
    {
      name: 'test',
      value: 'NAME=JSON,...',
      help: 'Calls the service with these inputs; if that fails, nothing is published.',
    },
    {
      name: 'update',
      help: 'Changes the version that is there, without a version the latest one.',
    },
    { name: 'dry-run', help: 'Shows what would be sent, and sends nothing.' },
  ],
  examples: [
    '%%publish Cars 1.0 --inputs hp:numeric,wt:numeric --outputs answer:numeric --test hp=120,wt=2.8\nanswer <- predict(model, data.frame(hp = hp, wt = wt), type = "response")',
    '%%publish Iris --inputs flower:vector --outputs species:vector \\\n  --snapshot trained --description "Tells the species of a flower"\nspecies = [names[x] for x in clf.predict([flower])]',
  ],
  details: `Types are ${TYPE_NAMES.map((name) => `\`${name}\``).join(', ')}. A variable is an \`integer\` only where its value is one in R or Python: write \`:numeric\` for an input that may have a fraction. The snapshot stays; delete it with \`%snapshot delete\` when it is no longer needed: the service has a copy. What fails leaves nothing behind. The token in the lines that call the service from elsewhere is the \`access_token\` of \`POST /login\`.`,
  complete: (words, context) => completeService(words, context, { inputs: false }),
  async run(call, context) {
    const { publication, isDryRun } = await readPublication(call, context);
    if (isDryRun) context.show(dryRunDisplay(publication));
    else await showPublished(publication, await publish(publication, context), context);
    return undefined;
  },
};

async function readPublication(
  { argument, body }: MagicCall,
  context: MagicContext,
): Promise<{ readonly publication: Publication; readonly isDryRun: boolean }> {
  const { words, options, inputs } = await readServiceArguments('publish', argument, OPTIONS);
  const [name, version, ...others] = words;
  if (name === undefined || others.length > 0 || inputs.length > 0) {
    throw new BridgeError('BRIDGE_MAGIC_USAGE', '%%publish takes a name and a version.', {
      hint: 'Write %%publish NAME [VERSION], then options. Texts with spaces go in quotes.',
    });
  }
  if (body.trim() === '') {
    throw new BridgeError(
      'BRIDGE_MAGIC_USAGE',
      '%%publish wants the code of the service below it.',
    );
  }
  const test = textOf(options['test']);
  return {
    isDryRun: options['dry-run'] === true,
    publication: {
      name,
      version,
      isUpdate: options['update'] === true,
      snapshot: snapshotChoice(options),
      request: await readRequest(body, options, context),
      test: test === undefined ? undefined : await readTest(test, context),
    },
  };
}

function snapshotChoice(options: Readonly<Record<string, string | true>>): SnapshotChoice {
  const wanted = textOf(options['snapshot']);
  const isNone = options['no-snapshot'] === true;
  if (wanted !== undefined && isNone) {
    throw new BridgeError(
      'BRIDGE_MAGIC_USAGE',
      '%%publish takes --snapshot or --no-snapshot, not both.',
    );
  }
  if (wanted !== undefined) return { kind: 'given', wanted };
  return { kind: isNone ? 'none' : 'new' };
}

async function readRequest(
  body: string,
  options: Readonly<Record<string, string | true>>,
  context: MagicContext,
): Promise<PublishWebServiceRequest> {
  const inputTexts = textOf(options['inputs']);
  const outputTexts = textOf(options['outputs']);
  const inputs = readDefinitions('publish', inputTexts ?? '');
  const outputs = readDefinitions('publish', outputTexts ?? '');
  const complete = await completeDefinitions([...inputs, ...outputs], context);
  const isUpdate = options['update'] === true;
  const initCode = textOf(options['init-code']);
  const artifacts = textOf(options['artifacts']);
  const alias = textOf(options['alias']);
  const description = textOf(options['description']);
  return {
    code: body.trimEnd(),
    runtimeType: context.language.runtimeType,
    ...((inputTexts !== undefined || !isUpdate) && {
      inputParameterDefinitions: complete.slice(0, inputs.length),
    }),
    ...((outputTexts !== undefined || !isUpdate) && {
      outputParameterDefinitions: complete.slice(inputs.length),
    }),
    ...(initCode !== undefined && { initCode: await readCode(initCode) }),
    ...(artifacts !== undefined && { outputFileNames: namesOf(artifacts) }),
    ...(alias !== undefined && { operationId: alias }),
    ...(description !== undefined && { description }),
  };
}

async function readTest(
  text: string,
  context: MagicContext,
): Promise<Readonly<Record<string, unknown>>> {
  const values = await resolveInputs(await readInputList('publish', text), context);
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
}

function dryRunDisplay(publication: Publication): ReturnType<typeof textDisplay> {
  const { name, version, isUpdate, snapshot, request, test } = publication;
  const place = [name, version].filter((part) => part !== undefined).map(encodeURIComponent);
  const method = isUpdate ? 'PATCH' : 'POST';
  const path = `/services/${place.join('/')}${isUpdate && version === undefined ? '/(latest version)' : ''}`;
  const snapshotId = {
    new: `(a new snapshot "${snapshotName(publication)}")`,
    given: `(the snapshot "${snapshot.kind === 'given' ? snapshot.wanted : ''}")`,
    none: undefined,
  }[snapshot.kind];
  const body = { ...request, ...(snapshotId !== undefined && { snapshotId }) };
  const call = test === undefined ? [] : ['', `then POST /api/${place.join('/')}`, json(test)];
  const text = [`Nothing was sent. It would be:`, `${method} ${path}`, json(body), ...call];
  return textDisplay(text.join('\n'), { method, path, body, ...(test && { test }) });
}

async function showPublished(
  { isUpdate, test = {} }: Publication,
  { service, snapshot, testResult }: Published,
  context: MagicContext,
): Promise<void> {
  const { client } = await context.session.connected(context.cell);
  const { name, version } = service;
  context.show(
    serviceDisplay({
      title: `Service ${name} ${version} ${isUpdate ? 'changed' : 'published'}.`,
      url: client.url,
      service,
      sample: test,
      facts: snapshot === undefined ? [] : [['snapshot', snapshot.name]],
    }),
  );
  if (testResult === undefined) return;
  context.print('Test call:');
  await showResult(testResult, `${name} ${version}`, undefined, context);
}

async function readCode(text: string): Promise<string> {
  return text.startsWith('@') ? (await readLocalFile(text.slice(1))).toString('utf8') : text;
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

const textOf = (option: string | true | undefined): string | undefined =>
  typeof option === 'string' ? option : undefined;

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
