import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { limitsOf } from '../../../src/cli/server-configuration.js';
import { parseServerFile, type ServerFile } from '../../../src/cli/server-file.js';
import { DEFAULT_LIMITS } from '../../../src/server/index.js';

const DOCUMENT = readFileSync(path.resolve(import.meta.dirname, '../../../docs/server.md'), 'utf8');
const EXAMPLE = /```toml\n([\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? '';

const parse = (content: string): ServerFile => parseServerFile(content, 'server.toml');

/** `[roles.owner] users`, `[limits] max_sessions` ... of everything that is set. */
function keysOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .flatMap(([key, inner]) => keysOf(inner, `${prefix}.${key}`));
}

describe('the example of docs/server.md', () => {
  test('is a file that the server takes', () => {
    const file = parse(EXAMPLE);

    expect(file.server.port).toBe(12800);
    expect(file.ldap?.start_tls).toBe(true);
    expect(file.openid?.audience).toEqual(['api://rserver']);
    expect(file.roles.owner).toEqual({ users: ['ada'], groups: ['RServer Owners'] });
  });

  test('has every limit, and the table has its default', () => {
    const file = parse(EXAMPLE);

    const rows = [...DOCUMENT.matchAll(/^\| `(\w+)` +\| (\d+|none)/gm)];
    expect(rows.map(([, key]) => key)).toEqual(Object.keys(file.limits));
    const defaults = Object.fromEntries(
      rows.flatMap(([, key = '', text = '']) => (text === 'none' ? [] : [[key, Number(text)]])),
    );
    const { limits } = parse('');
    const documented = limitsOf({ ...file, limits: { ...limits, ...defaults } });
    expect(DEFAULT_LIMITS).toMatchObject(documented);
    const unlimited = Object.entries(DEFAULT_LIMITS).filter(([, value]) => value === Infinity);
    expect(unlimited.map(([name]) => name).filter((name) => name in documented)).toEqual([]);
  });

  test('has every key of the tables that have defaults', () => {
    const shown = new Set(keysOf(parse(EXAMPLE)));

    expect(keysOf(parse('')).filter((key) => !shown.has(key))).toEqual([]);
  });
});

describe('a server file', () => {
  test('may be empty: local accounts, no metrics, an audit log', () => {
    const file = parse('');

    expect(file.ldap).toBeUndefined();
    expect(file.openid).toBeUndefined();
    expect(file.metrics).toEqual({ enabled: false, allow_from: ['127.0.0.1', '::1'] });
    expect(file.cors.origins).toEqual([]);
    expect(file.audit.enabled).toBe(true);
    expect(limitsOf(file)).toEqual({});
  });

  test('names one audience or several', () => {
    const openid = '[openid]\nauthority = "https://id.example.org"\n';

    expect(parse(`${openid}audience = "a"`).openid?.audience).toEqual(['a']);
    expect(parse(`${openid}audience = ["a", "b"]`).openid?.audience).toEqual(['a', 'b']);
  });

  test.each([
    [
      '[limits]\nmax_session = 1',
      'CONFIG_KEY',
      'server.toml: unknown setting max_session in [limits].',
    ],
    ['[limits]\nmax_sessions = 0', 'CONFIG_VALUE', /^server\.toml: limits\.max_sessions: /],
    ['[limits]\nmax_sessions = "9"', 'CONFIG_VALUE', /^server\.toml: limits\.max_sessions: /],
    ['[cors]\norigins = ["example.org"]', 'CONFIG_VALUE', /cors\.origins\.0: .*/],
    ['[cors]\norigins = ["https://a.org/path"]', 'CONFIG_VALUE', /cors\.origins\.0: .*/],
    ['[metrics]\nallow_from = ["here"]', 'CONFIG_VALUE', /an IP address or a network/],
    ['[metrics]\nallow_from = ["10.0.0.0/33"]', 'CONFIG_VALUE', /an IP address or a network/],
    ['[ldap]\nurl = "http://x"\nuser_base = "b"', 'CONFIG_VALUE', /ldap:\/\/ or ldaps:\/\//],
    ['[ldap]\nurl = "ldap://x"', 'CONFIG_VALUE', /ldap\.user_base/],
    [
      '[ldap]\nurl = "ldap://x"\nuser_base = "b"\nuser_filter = "(uid=ann)"',
      'CONFIG_VALUE',
      /\{username\} must be in it/,
    ],
    [
      '[ldap]\nurl = "ldaps://x"\nuser_base = "b"\nstart_tls = true',
      'CONFIG_VALUE',
      /ldap\.start_tls: an ldaps:\/\/ URL is encrypted/,
    ],
    ['[tls]\ncert = "c.pem"', 'CONFIG_VALUE', /tls\.key/],
    ['[openid]\nauthority = "https://x"\naudience = []', 'CONFIG_VALUE', /openid\.audience/],
    ['port = 1', 'CONFIG_KEY', 'server.toml: unknown setting port.'],
  ])('%j is refused', (content, code, message) => {
    expect(() => parse(content)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(
          typeof message === 'string' ? message.replaceAll(/[.[\]]/g, '\\$&') : message,
        ) as string,
      }) as Error,
    );
  });
});
