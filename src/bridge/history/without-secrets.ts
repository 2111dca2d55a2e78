// What must not be kept of an input.

const SECRET_ASSIGNMENT =
  /\b((?!\w*_(?:file|keyring)\b)\w*(?:password|passphrase|token|secret|headers)\w*\s*=\s*)(?:"[^"]*"?|'[^']*'?|\{.*|\S+)/gi;

/**
 * The input with the values of secrets hidden that somebody wrote into a magic (`%config password=...`), although
 * none takes them there. Code of the session is left as it is: what is a secret in it, only its author knows.
 */
export function withoutSecrets(input: string): string {
  if (!input.includes('%')) return input;
  return input
    .split('\n')
    .map((line) =>
      /^\s*%%?\w/.test(line) ? line.replaceAll(SECRET_ASSIGNMENT, '$1********') : line,
    )
    .join('\n');
}
