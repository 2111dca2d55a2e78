import { describe, expect, test } from 'vitest';
import { RServerClient, type ClientOptions } from '../../../src/client/index.js';
import { resolveOptions } from '../../../src/client/options.js';

const auth = { type: 'password', username: 'alice', password: 'correct-horse' } as const;

const messageOf = (options: ClientOptions): string => {
  try {
    resolveOptions(options);
    return 'accepted';
  } catch (error) {
    return String(error);
  }
};

describe('client options', () => {
  test.each(['localhost:12800', 'ftp://server', '', 'http://'])('the URL %j is refused', (url) => {
    expect(() => new RServerClient({ url, auth })).toThrow(
      expect.objectContaining({ code: 'CLIENT_OPTION' }),
    );
  });

  test('a URL with a user name or password is refused without showing them', () => {
    const messages = [
      messageOf({ url: 'http://alice:correct-horse@server:12800', auth }),
      messageOf({ url: 'ftp://alice:correct-horse@server', auth }),
      messageOf({ url: 'http://server', auth, proxyUrl: 'socks5://alice:correct-horse@proxy' }),
    ];

    expect(messages.join('\n')).toMatch(/must not hold a user name/);
    expect(messages.join('\n')).not.toContain('correct-horse');
  });

  test('slashes at the end of the URL do not matter, a path is kept', () => {
    const urls = ['http://s:12800', 'http://s:12800/', 'http://s:12800/mls//'].map(
      (url) => resolveOptions({ url, auth }).displayUrl,
    );

    expect(urls).toEqual(['http://s:12800', 'http://s:12800', 'http://s:12800/mls']);
  });

  test('limits have defaults by phase, and must be numbers from 0', () => {
    const { timeouts } = resolveOptions({
      url: 'http://s',
      auth,
      timeouts: { requestTimeoutMs: 5 },
    });

    expect(timeouts).toEqual({
      connectTimeoutMs: 10_000,
      loginTimeoutMs: 30_000,
      requestTimeoutMs: 5,
      executeTimeoutMs: 0,
      transferTimeoutMs: 600_000,
    });
    expect(messageOf({ url: 'http://s', auth, timeouts: { loginTimeoutMs: -1 } })).toMatch(
      /loginTimeoutMs is -1/,
    );
  });

  test('an empty proxy setting means no proxy, and the exceptions apply', () => {
    const proxies = [
      { proxyUrl: '' },
      { proxyUrl: 'http://proxy:3128', noProxy: '.example.org' },
      { proxyUrl: 'http://proxy:3128', noProxy: 'other' },
    ].map(
      (options) => resolveOptions({ url: 'http://a.example.org', auth, ...options }).proxy?.href,
    );

    expect(proxies).toEqual([undefined, undefined, 'http://proxy:3128/']);
  });
});
