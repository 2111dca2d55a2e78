// Where settings come from, which one wins, and what becomes of secrets.
import { describe, expect, test } from 'vitest';
import { ResolvedConfiguration, type ConfigurationInputs } from '../../../src/cli/config.js';
import { parseProfileFile } from '../../../src/cli/profile-file.js';
import { fakeMachine } from '../../helpers/machine.js';

const FILE = '/etc/profiles.toml';

function configure(
  parts: {
    env?: Record<string, string>;
    flags?: Record<string, string>;
    notebook?: Record<string, unknown>;
    toml?: string;
  } = {},
): ResolvedConfiguration {
  const inputs: ConfigurationInputs = {
    machine: fakeMachine(parts.env),
    flags: parts.flags ?? {},
    notebook: parts.notebook && { file: '/home/ada/a.ipynb', values: parts.notebook },
    file:
      parts.toml === undefined
        ? undefined
        : { path: FILE, content: parseProfileFile(parts.toml, FILE) },
  };
  return new ResolvedConfiguration(inputs);
}

const originOf = (configuration: ResolvedConfiguration, key: string) => {
  const entry = configuration.entries().find((candidate) => candidate.key === key);
  return entry && { value: entry.value, origin: entry.origin, source: entry.source };
};

const ALL = {
  toml: 'default_profile = "work"\n[profiles.work]\nusername = "profile"',
  notebook: { username: 'notebook' },
  env: { RSERVER_USERNAME: 'environment' },
  flags: { username: 'flag' },
};

describe('where a setting comes from', () => {
  test('a flag outranks the environment, the notebook and the profile', () => {
    expect(originOf(configure(ALL), 'username')).toEqual({
      value: 'flag',
      origin: 'flag',
      source: '--username',
    });
  });

  test('the environment outranks the notebook and the profile', () => {
    expect(originOf(configure({ ...ALL, flags: {} }), 'username')).toEqual({
      value: 'environment',
      origin: 'environment',
      source: 'RSERVER_USERNAME',
    });
  });

  test('the notebook outranks the profile', () => {
    expect(originOf(configure({ ...ALL, flags: {}, env: {} }), 'username')).toEqual({
      value: 'notebook',
      origin: 'notebook',
      source: '/home/ada/a.ipynb',
    });
  });

  test('the profile outranks the default', () => {
    expect(originOf(configure({ toml: ALL.toml }), 'username')).toEqual({
      value: 'profile',
      origin: 'profile',
      source: FILE,
    });
  });

  test('without any of them the default holds', () => {
    expect(configure().settings).toEqual({
      url: undefined,
      username: undefined,
      profile: undefined,
      display: 'rich',
      extensions: 'auto',
      restart: 'clean',
      onExit: 'close',
      executeTimeoutMs: 0,
      interruptTimeoutMs: 2000,
      outputLimitBytes: 10485760,
      progress: 'auto',
    });
  });

  test('a cell outranks all, and says so', () => {
    const configuration = configure(ALL).with({ username: 'cell', execute_timeout_ms: '5000' });

    expect(originOf(configuration, 'username')).toEqual({
      value: 'cell',
      origin: 'cell',
      source: 'cell',
    });
    expect(configuration.settings.executeTimeoutMs).toBe(5000);
  });

  test('an empty value in a cell takes a setting away', () => {
    const configuration = configure({ env: { RSERVER_URL: 'http://server:12800' } });

    expect(configuration.with({ url: '' }).settings.url).toBeUndefined();
  });

  test('settings above the profiles hold for each of them, unless a profile has its own', () => {
    const configuration = configure({
      toml: 'default_profile = "a"\nusername = "all"\ndisplay = "plain"\n[profiles.a]\nusername = "a"',
    });

    expect(configuration.settings).toMatchObject({ username: 'a', display: 'plain', profile: 'a' });
  });

  test('an empty variable counts as not set', () => {
    expect(configure({ env: { RSERVER_URL: '' } }).settings.url).toBeUndefined();
  });
});

describe('profiles', () => {
  const toml = '[profiles.one]\nurl = "http://one"\n[profiles.two]\nurl = "http://two"';

  test('the environment chooses one', () => {
    const configuration = configure({ toml, env: { RSERVER_PROFILE: 'two' } });

    expect(configuration.settings.url).toBe('http://two');
    expect(configuration.profiles()).toEqual(['one', 'two']);
  });

  test('one chosen in a cell outranks flags and environment, and what cells set before', () => {
    const configuration = configure({
      toml,
      env: { RSERVER_URL: 'http://environment' },
      flags: { url: 'http://flag' },
    })
      .with({ url: 'http://cell' })
      .withProfile('one');

    expect(configuration.settings).toMatchObject({ url: 'http://one', profile: 'one' });
  });

  test('an unknown name is refused, with the names there are', () => {
    expect(() => configure({ toml }).withProfile('three')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_PROFILE',
        message: `No profile three in ${FILE}; it has: one, two.`,
      }),
    );
  });
});

describe('values that do not fit', () => {
  test('a bad number names the variable, what was expected and what came', () => {
    expect(() => configure({ env: { RSERVER_EXECUTE_TIMEOUT_MS: 'soon' } })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_VALUE',
        message:
          'RSERVER_EXECUTE_TIMEOUT_MS: execute_timeout_ms must be a whole number of milliseconds, not "soon".',
      }),
    );
  });

  test.each(['ftp://server', 'server:12800', 'http://ada:secret@server'])(
    'the URL %s is refused',
    (url) => {
      expect(() => configure({ flags: { url } })).toThrow(
        expect.objectContaining({ code: 'CONFIG_VALUE' }),
      );
    },
  );

  test('the message about a URL does not repeat a password in it', () => {
    expect(() => configure({ flags: { url: 'http://ada:hunter2@server' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });

  test('an unknown setting is refused in a cell', () => {
    expect(() => configure().with({ colour: 'blue' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_KEY',
        message: '%config: there is no setting colour.',
      }),
    );
  });
});

describe('secrets', () => {
  test('are shown as stars, and only when set', () => {
    const configuration = configure({ env: { RSERVER_PASSWORD: 'hunter2' } });

    expect(originOf(configuration, 'password')?.value).toBe('********');
    expect(originOf(configuration, 'token')?.value).toBe('');
    expect(JSON.stringify(configuration.entries())).not.toContain('hunter2');
  });

  test('in a proxy URL are shown as stars', () => {
    const configuration = configure({
      env: { RSERVER_PROXY_URL: 'http://ada:hunter2@proxy:3128' },
    });

    expect(originOf(configuration, 'proxy_url')?.value).toBe('http://********@proxy:3128');
  });

  test.each(['password', 'token', 'password_file', 'python', 'tls_verify'])(
    'a notebook cannot set %s',
    (key) => {
      expect(() => configure({ notebook: { [key]: 'x' } })).toThrow(
        expect.objectContaining({ code: 'CONFIG_SOURCE' }),
      );
    },
  );

  test('the password of the environment is for the server of the environment', () => {
    const configuration = configure({
      env: { RSERVER_URL: 'http://server', RSERVER_PASSWORD: 'hunter2' },
    });

    expect(configuration.findSecret()).toEqual({
      key: 'password',
      value: 'hunter2',
      source: 'RSERVER_PASSWORD',
    });
  });

  test('a server that only a notebook names gets no stored password', () => {
    const configuration = configure({
      notebook: { url: 'http://stranger' },
      env: { RSERVER_PASSWORD: 'hunter2' },
      toml: 'password_file = "/secret"\n[profiles.work]\nurl = "http://work"',
    });

    expect(configuration.settings.url).toBe('http://stranger');
    expect(configuration.findSecret()).toBeUndefined();
  });

  test('a server that a cell names gets the password when a profile names the same server', () => {
    const configuration = configure({
      env: { RSERVER_PASSWORD: 'hunter2' },
      toml: '[profiles.work]\nurl = "http://work:12800"',
    }).with({ url: 'http://work:12800/' });

    expect(configuration.findSecret()?.key).toBe('password');
  });

  test('the password of one server does not go to that of a chosen profile', () => {
    const configuration = configure({
      env: { RSERVER_URL: 'http://one', RSERVER_PASSWORD: 'hunter2' },
      toml: '[profiles.two]\nurl = "http://two"\npassword_file = "two.txt"',
    }).withProfile('two');

    expect(configuration.findSecret()).toEqual({
      key: 'password_file',
      value: '/etc/two.txt',
      source: FILE,
    });
  });

  test('a token goes before a password of the same place', () => {
    const configuration = configure({
      env: { RSERVER_URL: 'http://one', RSERVER_PASSWORD: 'p', RSERVER_TOKEN: 't' },
    });

    expect(configuration.findSecret()).toMatchObject({ key: 'token', value: 't' });
  });
});

describe('paths', () => {
  test('of the profile file start in its folder, those of a flag where the program runs', () => {
    const inProfile = configure({ toml: 'tls_ca_file = "ca.pem"' });
    const inFlag = configure({ flags: { tls_ca_file: 'ca.pem' } });

    expect(inProfile.get('tls_ca_file')).toBe('/etc/ca.pem');
    expect(inFlag.get('tls_ca_file')).toBe('/home/ada/notebooks/ca.pem');
  });

  test('know the home folder', () => {
    expect(configure({ flags: { tls_ca_file: '~/ca.pem' } }).get('tls_ca_file')).toBe(
      '/home/ada/ca.pem',
    );
  });
});
