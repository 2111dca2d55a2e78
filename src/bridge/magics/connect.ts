// %connect: another server or profile, without a new kernel.
import type { Configuration } from '../configuration.js';
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';
import { readWords } from './words.js';

export const connectMagic: Magic = {
  name: 'connect',
  summary: 'Goes on in a new session on another server.',
  usages: [
    { call: 'PROFILE', form: 'line', help: 'Connects as a profile of the profile file says.' },
    { call: 'URL', form: 'line', help: 'Connects to a server; a password is asked for.' },
  ],
  awaitsSnapshots: true,
  options: [{ name: 'username', value: 'NAME', help: 'Whom to log in as.' }],
  examples: ['%connect production', '%connect https://r.example.com:12800 --username ada'],
  details:
    'The session there is a new one, and the present one is closed; when the connection fails, everything stays as it is. Passwords are never written here: see docs/configuration.md.',
  complete: (words, { session }) => (words.length === 0 ? session.configuration.profiles() : []),
  async run({ argument }, { session, cell, print }) {
    const { words, options } = readWords('connect', argument, { username: 'value' });
    const [target, ...others] = words;
    if (target === undefined || others.length > 0) {
      throw new BridgeError('BRIDGE_MAGIC_USAGE', '%connect wants a profile or a URL.', {
        hint: profileHint(session.configuration),
      });
    }
    const { username } = options;
    const base = isUrl(target)
      ? session.configuration.with({ url: target })
      : session.configuration.withProfile(target);
    const configuration = typeof username === 'string' ? base.with({ username }) : base;
    const live = await session.reconnect(cell, configuration);
    print(`Connected to ${live.client.url}; new session "${live.name}": ${live.id}`);
    return undefined;
  },
};

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function profileHint(configuration: Configuration): string {
  const profiles = configuration.profiles();
  return profiles.length === 0
    ? 'There are no profiles; write e.g. %connect https://r.example.com:12800 --username ada'
    : `Profiles: ${profiles.join(', ')}.`;
}
