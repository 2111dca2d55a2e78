// %realtime: publishes a model of the session as a service which needs no code.
import { formatBytes } from '../display/tables.js';
import { BridgeError } from '../errors.js';
import { readServiceArguments } from '../services/arguments.js';
import { explainRefusal, findService, requireAbsent } from '../services/find-service.js';
import { orUndo } from '../services/or-undo.js';
import { modelBytes } from '../services/model-bytes.js';
import { serviceDisplay, servicesDisplay } from '../services/service-display.js';
import type { Magic, MagicContext } from './magic.js';
import { completeService } from './service-words.js';
import { deleteService } from './service.js';
import { NAME, type OptionNames } from './words.js';

const COMMANDS = ['publish', 'list', 'delete'] as const;

const OPTIONS = {
  model: 'value',
  description: 'value',
  alias: 'value',
  update: 'flag',
} as const satisfies OptionNames;

export const realtimeMagic: Magic = {
  name: 'realtime',
  summary: 'Publishes a model of the session as a realtime service, which scores without code.',
  usages: [
    {
      call: 'publish NAME [VERSION] --model VARIABLE',
      form: 'line',
      help: 'Publishes a model; without a version the server makes one up.',
    },
    { call: 'list', form: 'line', help: 'Lists the realtime services.' },
    { call: 'delete NAME VERSION', form: 'line', help: 'Deletes one for good.' },
  ],
  options: [
    { name: 'model', value: 'VARIABLE', help: 'The model.' },
    { name: 'description', value: 'TEXT', help: 'What the service is for.' },
    { name: 'alias', value: 'NAME', help: 'What the call is named in clients.' },
    {
      name: 'update',
      help: 'Changes the version that is there, without a version the latest one.',
    },
  ],
  examples: [
    '%realtime publish CarsModel 1.0 --model model',
    '%consume CarsModel 1.0 inputData={"hp": [120], "wt": [2.8]}',
  ],
  details:
    'The embedded server takes models of R and of scikit-learn as they are. A genuine server takes the bytes of `rxSerializeModel` or `rx_serialize_model` only: put them into a variable and name that one. The input of a realtime service is the table `inputData`, its output `outputData`: call it with `%consume`, also with `inputData=$VARIABLE`.',
  complete: (words, context) => {
    if (words.length === 0) return COMMANDS;
    return completeService(words.slice(1), context, { inputs: false });
  },
  async run({ argument }, context) {
    const { words, options, inputs } = await readServiceArguments('realtime', argument, OPTIONS);
    const [command, name, version, ...others] = words;
    if (others.length > 0 || inputs.length > 0) throw usageError();
    if (command === 'list' && name === undefined) await list(context);
    else if (command === 'delete' && name !== undefined && version !== undefined) {
      await deleteService(name, version, context);
    } else if (command === 'publish' && name !== undefined) {
      await publishModel(name, version, options, context);
    } else throw usageError();
    return undefined;
  },
};

function usageError(): BridgeError {
  return new BridgeError('BRIDGE_MAGIC_USAGE', '%realtime is called differently.', {
    hint: 'Write %realtime publish NAME [VERSION] --model VARIABLE, %realtime list or %realtime delete NAME VERSION.',
  });
}

async function list({ session, cell, signal, show }: MagicContext): Promise<void> {
  const { client } = await session.connected(cell);
  const services = await client.services.list({ signal });
  session.services.keepAll(client, services);
  const realtime = services.filter(({ runtimeType }) => runtimeType === 'Realtime');
  show(servicesDisplay('Realtime services', realtime));
}

async function publishModel(
  name: string,
  wanted: string | undefined,
  options: Readonly<Record<string, string | true>>,
  context: MagicContext,
): Promise<void> {
  const { model: variable, description, alias } = options as Partial<Record<string, string>>;
  if (variable === undefined || !NAME.test(variable)) throw usageError();
  const isUpdate = options['update'] === true;
  const version = isUpdate ? (await findService(name, wanted, context)).version : wanted;
  if (!isUpdate && version !== undefined) await requireAbsent(name, version, context);
  const model = await modelBytes(variable, context);
  const { client } = await context.session.connected(context.cell);
  const request = { model, description, operationId: alias };
  const { signal } = context;
  let edition = version;
  if (isUpdate) await client.realtimeServices.update(name, version ?? '', request, { signal });
  else {
    const publishing = client.realtimeServices.publish(name, version, request);
    const remove = (made: string): Promise<unknown> => client.services.delete(name, made);
    try {
      const made = await orUndo(publishing, signal, remove);
      // A server that made the version up may not say it.
      if (made !== '') edition = made;
    } catch (error) {
      throw await explainRefusal(error, name, version, context);
    }
  }
  const service = await findService(name, edition, context);
  context.show(
    serviceDisplay({
      title: `Realtime service ${name} ${service.version} ${isUpdate ? 'changed' : 'published'}.`,
      url: client.url,
      service,
      sample: {},
      facts: [['model', `${variable} (${formatBytes(model.length)})`]],
    }),
  );
}
