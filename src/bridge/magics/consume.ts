// %consume: calls a web service, once or for a whole list of inputs.
import { BridgeError } from '../errors.js';
import { readJsonObject, readJsonValue } from '../json-values.js';
import { readServiceArguments, type ServiceInput } from '../services/arguments.js';
import { batchDisplay, batchTable } from '../services/batch-table.js';
import { runBatch } from '../services/batch.js';
import { findService, orNotFound } from '../services/find-service.js';
import { serviceFailed, showResult } from '../services/result-display.js';
import { rowsOf, wrapVectors } from '../services/service-inputs.js';
import { assignVariable, readVariables, resolveInputs } from '../services/session-values.js';
import type { Magic, MagicCall, MagicContext } from './magic.js';
import { completeService } from './service-words.js';
import { NAME, type OptionNames } from './words.js';

const OPTIONS = {
  into: 'value',
  save: 'value',
  batch: 'flag',
  data: 'value',
  parallel: 'value',
} as const satisfies OptionNames;

export const consumeMagic: Magic = {
  name: 'consume',
  summary: 'Calls a web service and shows what it answers.',
  usages: [
    {
      call: 'NAME [VERSION] [NAME=JSON ...]',
      form: 'line',
      help: 'Calls it once; without a version the one published last.',
    },
    {
      call: 'NAME [VERSION] [NAME=$VARIABLE ...]',
      form: 'line',
      help: 'Inputs may be variables of the session: vectors, matrices, data frames.',
    },
    { call: 'NAME [VERSION]', form: 'cell', help: 'The cell is a JSON object of the inputs.' },
    {
      call: '--batch NAME [VERSION]',
      form: 'cell',
      help: 'The cell is a JSON list of such objects: one call for each.',
    },
    {
      call: '--batch NAME [VERSION] --data VARIABLE',
      form: 'line',
      help: 'One call for each row of a data frame of the session; its columns are the inputs.',
    },
  ],
  options: [
    {
      name: 'into',
      value: 'VARIABLE',
      help: 'Puts the output into the session: several outputs as a list by name, a batch as a data frame.',
    },
    {
      name: 'save',
      value: 'FOLDER',
      help: "Saves the files of the answer in a folder of the kernel's machine.",
    },
    { name: 'batch', help: 'Many calls; an interrupt cancels those that have not run.' },
    { name: 'data', value: 'VARIABLE', help: 'With `--batch`: the data frame.' },
    {
      name: 'parallel',
      value: 'N',
      help: 'With `--batch`: how many calls run at once. Default: what the server has, 10.',
    },
  ],
  examples: [
    '%consume Cars 1.0 hp=120 wt=2.8',
    '%consume Iris flower=$measured --into species',
    '%%consume --batch Cars 1.0 --into answers\n[{"hp": 120, "wt": 2.8}, {"hp": 90, "wt": 2.2}]',
    '%consume --batch Cars 1.0 --data mtcars --into answers',
  ],
  details:
    'Values are JSON, without spaces around `=`; `@FILE.json` reads an object of inputs from a file. The result of a batch has a row for each call with its inputs and outputs, and a column `error` if one failed; where outputs are more than single values it is a list of objects.',
  // Without variables of the session: it may be busy.
  runsBeside: (argument) => !/--(?:into|data)\b|=\$/.test(argument),
  complete: (words, context) => completeService(words, context, { inputs: true }),
  async run(call, context) {
    const { words, options, inputs } = await readServiceArguments(
      'consume',
      call.argument,
      OPTIONS,
    );
    const [name, version, ...others] = words;
    if (name === undefined || others.length > 0) {
      throw usageError('%consume takes the name of a service, its version and inputs.');
    }
    const { into, save } = options;
    const target: ConsumeTarget = {
      name,
      version,
      into: variableOf(into),
      folder: typeof save === 'string' ? save : undefined,
    };
    if (options['batch'] === true) {
      if (inputs.length > 0) throw usageError('%consume --batch takes no single inputs.');
      await consumeBatch(target, call, options, context);
    } else if (options['data'] !== undefined || options['parallel'] !== undefined) {
      throw usageError('--data and --parallel go with --batch.');
    } else await consumeOnce(target, call, inputs, context);
    return undefined;
  },
};

interface ConsumeTarget {
  readonly name: string;
  readonly version: string | undefined;
  readonly into: string | undefined;
  readonly folder: string | undefined;
}

async function consumeOnce(
  target: ConsumeTarget,
  { form, body }: MagicCall,
  written: readonly ServiceInput[],
  context: MagicContext,
): Promise<void> {
  const { name, into, folder } = target;
  const inCell = form === 'cell' && body.trim() !== '' ? readJsonObject(body, 'the cell') : [];
  const inputs = await resolveInputs([...written, ...inCell], context);
  const hasVariables = inputs.some(({ isVariable }) => isVariable);
  const service =
    target.version === undefined || hasVariables
      ? await findService(name, target.version, context)
      : undefined;
  const version = target.version ?? service?.version ?? '';
  const values = Object.fromEntries(
    wrapVectors(inputs, service).map((input) => [input.name, input.value]),
  );
  const { session, cell, signal } = context;
  const { client } = await session.connected(cell);
  const consuming = client.webService.consume(name, version, values, { signal });
  const result = await orNotFound(consuming, name, version, context);
  await showResult(result, `${name} ${version}`, folder, context);
  if (into === undefined) return;
  const outputs = Object.values(result.outputParameters);
  const value = outputs.length === 1 ? outputs[0] : result.outputParameters;
  const declared = service?.outputParameterDefinitions ?? [];
  const isTable = outputs.length === 1 && (isColumns(value) || declared[0]?.type === 'data.frame');
  await assignVariable(into, value, isTable, context);
}

async function consumeBatch(
  { name, version: wanted, into, folder }: ConsumeTarget,
  { body }: MagicCall,
  options: Readonly<Record<string, string | true>>,
  context: MagicContext,
): Promise<void> {
  if (folder !== undefined) throw usageError('--save is for single calls.');
  const data = variableOf(options['data']);
  if ((data === undefined) === (body.trim() === '')) {
    throw usageError('%%consume --batch wants a JSON list below it, or --data VARIABLE.');
  }
  const parallelCount = countOf(options['parallel']);
  const service = await findService(name, wanted, context);
  const { version } = service;
  const items =
    data === undefined
      ? readItems(body)
      : rowsOf(data, (await readVariables([data], context)).get(data), service);
  if (items.length === 0) throw usageError('%%consume --batch got a list without items.');
  const { results } = await runBatch({ name, version, items, parallelCount }, context);
  const [first] = results;
  if (results.every(({ success }) => !success)) {
    throw serviceFailed(
      `Every call of ${name} ${version}`,
      first?.errorMessage ?? 'there is no result',
    );
  }
  const table = batchTable(items, results);
  context.show(batchDisplay(into ?? `${name} ${version}`, table));
  const failed = results.filter(({ success }) => !success).length;
  if (failed > 0) {
    context.print(`${failed.toString()} of ${items.length.toString()} calls failed.`);
  }
  if (into === undefined) return;
  await assignVariable(into, table.isTable ? table.columns : table.items, table.isTable, context);
}

function readItems(body: string): readonly Readonly<Record<string, unknown>>[] {
  const value = readJsonValue(body, 'the cell');
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new BridgeError(
    'BRIDGE_INPUT_VALUE',
    'The cell is not a JSON list of objects of names and values.',
    { hint: 'Write e.g. [{"hp": 120, "wt": 2.8}, {"hp": 90, "wt": 2.2}].' },
  );
}

function variableOf(option: string | true | undefined): string | undefined {
  if (typeof option !== 'string') return undefined;
  if (NAME.test(option)) return option;
  throw usageError(`"${option}" is not a variable's name.`);
}

function countOf(option: string | true | undefined): number | undefined {
  if (option === undefined) return undefined;
  const count = Number(option);
  if (Number.isInteger(count) && count > 0) return count;
  throw usageError('--parallel wants a whole number above 0.');
}

function usageError(message: string): BridgeError {
  return new BridgeError('BRIDGE_MAGIC_USAGE', message, {
    hint: 'Write e.g. %consume Cars 1.0 hp=120 wt=2.8, without spaces around "=".',
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The form in which data frames travel. */
function isColumns(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((column) => Array.isArray(column));
}
