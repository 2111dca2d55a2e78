// %services: the published web services.
import { BridgeError } from '../errors.js';
import { versionsOf } from '../services/find-service.js';
import { servicesDisplay } from '../services/service-display.js';
import type { Magic } from './magic.js';
import { completeService } from './service-words.js';
import { readWords } from './words.js';

export const servicesMagic: Magic = {
  name: 'services',
  summary: 'Lists the published web services.',
  usages: [
    { call: '', form: 'line', help: 'All services, those of other users too.' },
    { call: 'NAME', form: 'line', help: 'The versions of one service, the latest last.' },
  ],
  awaitsSnapshots: true,
  options: [],
  examples: ['%services', '%services Cars'],
  runsBeside: () => true,
  complete: (words, context) =>
    words.length === 0 ? completeService(words, context, { inputs: false }) : [],
  async run({ argument }, context) {
    const [name, ...others] = readWords('services', argument).words;
    if (others.length > 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%services takes the name of one service.');
    }
    const { session, cell, signal, show } = context;
    if (name !== undefined) {
      show(servicesDisplay(`Versions of ${name}`, await versionsOf(name, context)));
      return undefined;
    }
    const { client } = await session.connected(cell);
    const services = await client.services.list({ signal });
    session.services.keepAll(client, services);
    show(servicesDisplay('Services', services));
    return undefined;
  },
};
