// TOML files of ours: parsed, and their faults told in words that name the place but never quote what stands there.
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { ConfigError } from './errors.js';

/**
 * @param file - Its path, for messages.
 * @throws {ConfigError} `CONFIG_FILE` for what is no TOML.
 */
export function parseToml(content: string, file: string): Record<string, unknown> {
  try {
    return parse(content);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0] ?? '';
    throw new ConfigError(
      'CONFIG_FILE',
      `${file}, line ${cause.line}, column ${cause.column}: ${reason}`,
      // The parser's own message quotes the line, which may hold a secret: it is not kept as the cause.
    );
  }
}

/** What a schema has against a file, as `CONFIG_KEY` for an unknown key, else `CONFIG_VALUE`. */
export function toConfigError(issues: readonly z.core.$ZodIssue[], file: string): ConfigError {
  const issue = issues[0];
  const at = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const where = at === '' ? '' : ` in [${at}]`;
    return new ConfigError(
      'CONFIG_KEY',
      `${file}: unknown setting ${issue.keys.join(', ')}${where}.`,
    );
  }
  return new ConfigError('CONFIG_VALUE', `${file}: ${at}: ${issue?.message ?? 'does not fit'}.`);
}
