// The profile file: what it may hold, and how mistakes are told.
import { describe, expect, test } from 'vitest';
import { parseProfileFile } from '../../../src/cli/profile-file.js';

const parse = (content: string) => parseProfileFile(content, 'profiles.toml');

describe('the profile file', () => {
  test('holds settings for all, profiles, and the name of the usual one', () => {
    const file = parse(`
      default_profile = "work"
      display = "plain"
      [profiles.work]
      url = "https://r.example.org:12800"
      execute_timeout_ms = 60000
      password_keyring = true
      headers = { "X-Team" = "blue" }
    `);

    expect(file).toEqual({
      defaultProfile: 'work',
      common: { display: 'plain' },
      profiles: {
        work: {
          url: 'https://r.example.org:12800',
          execute_timeout_ms: '60000',
          password_keyring: 'true',
          headers: '{"X-Team":"blue"}',
        },
      },
    });
  });

  test('may be empty', () => {
    expect(parse('')).toEqual({ defaultProfile: undefined, common: {}, profiles: {} });
  });

  test('what is no TOML is refused with its line', () => {
    expect(() => parse('url = "a"\nnonsense')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_FILE',
        message: expect.stringMatching(/^profiles\.toml, line 2, column \d+: /) as string,
      }),
    );
  });

  test('an unknown key is refused with its table', () => {
    expect(() => parse('[profiles.work]\nulr = "http://a"')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_KEY',
        message: 'profiles.toml: unknown setting ulr in [profiles.work].',
      }),
    );
  });

  test('a value of another type is refused with its key', () => {
    expect(() => parse('execute_timeout_ms = "long"')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_VALUE',
        message: expect.stringContaining('execute_timeout_ms') as string,
      }),
    );
  });

  test('a password is refused, and its value not repeated', () => {
    expect(() => parse('[profiles.work]\npassword = "hunter2"')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_SOURCE',
        message:
          'profiles.toml: password does not belong in this file; set RSERVER_PASSWORD, or name a file by password_file.',
      }),
    );
  });

  test('`profile` is told its right name', () => {
    expect(() => parse('profile = "work"')).toThrow(
      expect.objectContaining({
        message: 'profiles.toml: `profile` is called `default_profile` in the file.',
      }),
    );
  });
});
