// %service: one version of a web service: look at it, change it, delete it.
import type { PatchWebServiceRequest } from '../../api/index.js';
import type { WebServiceInfo } from '../../client/index.js';
import { BridgeError } from '../errors.js';
import { readServiceArguments } from '../services/arguments.js';
import { completeDefinitions, readDefinitions } from '../services/definitions.js';
import { findService, orNotFound, versionsOf } from '../services/find-service.js';
import { serviceDisplay } from '../services/service-display.js';
import type { Magic, MagicContext } from './magic.js';
import { completeService } from './service-words.js';
import { chooseSnapshot } from './snapshot.js';
import type { OptionNames } from './words.js';

const COMMANDS = ['show', 'swagger', 'update', 'delete'] as const;
type Command = (typeof COMMANDS)[number];

const OPTIONS = {
  description: 'value',
  alias: 'value',
  inputs: 'value',
  outputs: 'value',
  artifacts: 'value',
  'init-code': 'value',
  snapshot: 'value',
} as const satisfies OptionNames;

export const serviceMagic: Magic = {
  name: 'service',
  summary: 'Shows, changes and deletes a published web service.',
  usages: [
    { call: 'NAME [VERSION]', form: 'line', help: 'Same as `show`; without a version the latest.' },
    {
      call: 'NAME VERSION show',
      form: 'line',
      help: 'What the service is, how it is called, and its code, if you may see it.',
    },
    { call: 'NAME VERSION swagger', form: 'line', help: 'Its Swagger file.' },
    {
      call: 'NAME VERSION update',
      form: 'line',
      help: 'Changes what the options name. New code: `%%publish NAME VERSION --update`.',
    },
    { call: 'NAME VERSION delete', form: 'line', help: 'Deletes this version for good.' },
  ],
  awaitsSnapshots: true,
  options: [
    { name: 'description', value: 'TEXT', help: 'With `update`: what the service is for.' },
    { name: 'alias', value: 'NAME', help: 'With `update`: what the call is named in clients.' },
    { name: 'inputs', value: 'NAME:TYPE,...', help: 'With `update`: the inputs.' },
    { name: 'outputs', value: 'NAME:TYPE,...', help: 'With `update`: the outputs.' },
    {
      name: 'artifacts',
      value: 'FILE,...',
      help: 'With `update`: files that answers bring along.',
    },
    { name: 'init-code', value: 'CODE', help: 'With `update`: code that prepares the workspace.' },
    { name: 'snapshot', value: 'X', help: 'With `update`: the snapshot in which calls run.' },
  ],
  examples: [
    '%service Cars 1.0',
    '%service Cars 1.0 update --description "How likely a car has manual gears"',
  ],
  complete: (words, context) =>
    completeService(words, context, { inputs: false, commands: COMMANDS }),
  async run({ argument }, context) {
    const { words, options, inputs } = await readServiceArguments('service', argument, OPTIONS);
    const { name, version, command } = readCall(words);
    if (inputs.length > 0 || (command !== 'update' && Object.keys(options).length > 0)) {
      throw usageError('%service takes options with "update" only.');
    }
    if (command === 'delete') await deleteService(name, requireVersion(version, command), context);
    else if (command === 'update') {
      await update(name, requireVersion(version, command), options, context);
    } else if (command === 'swagger') await showSwagger(name, version, context);
    else await showService(await findService(name, version, context), '', context);
    return undefined;
  },
};

function readCall(words: readonly string[]): {
  readonly name: string;
  readonly version: string | undefined;
  readonly command: Command;
} {
  const [name, second, third, ...others] = words;
  if (name === undefined || others.length > 0) throw usageError('%service is called differently.');
  if (third === undefined && isCommand(second)) {
    return { name, version: undefined, command: second };
  }
  if (third === undefined || isCommand(third)) {
    return { name, version: second, command: third ?? 'show' };
  }
  throw usageError(`%service has no command "${third}".`);
}

function isCommand(word: string | undefined): word is Command {
  return COMMANDS.some((command) => command === word);
}

function requireVersion(version: string | undefined, command: Command): string {
  if (version !== undefined) return version;
  throw usageError(`%service ${command} wants the version as well.`);
}

function usageError(message: string): BridgeError {
  return new BridgeError('BRIDGE_MAGIC_USAGE', message, {
    hint: 'Write %service NAME VERSION, then show, swagger, update with options, or delete.',
  });
}

async function showService(
  service: WebServiceInfo,
  title: string,
  context: MagicContext,
): Promise<void> {
  const { client } = await context.session.connected(context.cell);
  const { name, version, versionPublishedBy, creationTime, snapshotId } = service;
  context.show(
    serviceDisplay({
      title: title === '' ? `Service ${name} ${version}` : title,
      url: client.url,
      service,
      sample: {},
      facts: [
        ['published by', versionPublishedBy],
        ['published at', creationTime],
        ['snapshot', snapshotId],
        ['permission', service.myPermissionOnService],
      ],
      code: [
        ['code', service.code],
        ['init code', service.initCode],
      ],
    }),
  );
}

async function showSwagger(
  name: string,
  wanted: string | undefined,
  context: MagicContext,
): Promise<void> {
  const { session, cell, signal, show } = context;
  const { client } = await session.connected(cell);
  const version = wanted ?? (await findService(name, undefined, context)).version;
  const reading = client.webService.swagger(name, version, { signal });
  const document = await orNotFound(reading, name, version, context);
  show({
    data: {
      'text/plain': JSON.stringify(document, undefined, 2),
      'application/json': document,
    },
    metadata: { 'application/json': { expanded: false }, rserver: { value: document } },
  });
}

/** Deletes a version of a service of any kind. */
export async function deleteService(
  name: string,
  version: string,
  context: MagicContext,
): Promise<void> {
  const { session, cell, signal, print } = context;
  const { client } = await session.connected(cell);
  await orNotFound(client.services.delete(name, version, { signal }), name, version, context);
  print(`Service ${name} ${version} deleted.`);
  await versionsOf(name, context);
}

async function update(
  name: string,
  version: string,
  options: Readonly<Record<string, string | true>>,
  context: MagicContext,
): Promise<void> {
  if (Object.keys(options).length === 0) {
    throw usageError('%service update wants an option that says what to change.');
  }
  const service = await findService(name, version, context);
  const request = await readPatch(options, context);
  const { client } = await context.session.connected(context.cell);
  const { signal } = context;
  if (service.runtimeType === 'Realtime') {
    const { description, operationId, ...rest } = request;
    if (Object.keys(rest).length > 0) {
      throw usageError(`${name} is a realtime service: it takes --description and --alias.`);
    }
    await client.realtimeServices.update(name, version, { description, operationId }, { signal });
  } else {
    // An absent type means R, whatever the service is.
    const { runtimeType } = service;
    await client.services.update(name, version, { ...request, runtimeType }, { signal });
  }
  const changed = await findService(name, version, context);
  await showService(changed, `Service ${name} ${version} changed.`, context);
}

async function readPatch(
  options: Readonly<Record<string, string | true>>,
  context: MagicContext,
): Promise<PatchWebServiceRequest> {
  const { description, alias, inputs, outputs, artifacts, snapshot } = options as Partial<
    Record<string, string>
  >;
  const initCode = options['init-code'] as string | undefined;
  const definitions = (text: string): ReturnType<typeof completeDefinitions> =>
    completeDefinitions(readDefinitions('service', text), context);
  return {
    ...(description !== undefined && { description }),
    ...(alias !== undefined && { operationId: alias }),
    ...(inputs !== undefined && { inputParameterDefinitions: await definitions(inputs) }),
    ...(outputs !== undefined && { outputParameterDefinitions: await definitions(outputs) }),
    ...(artifacts !== undefined && {
      outputFileNames: artifacts.split(',').filter((file) => file !== ''),
    }),
    ...(initCode !== undefined && { initCode }),
    ...(snapshot !== undefined && { snapshotId: (await chooseSnapshot(snapshot, context)).id }),
  };
}
