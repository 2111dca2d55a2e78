// Keeps the texts that must never be shown, and takes them out of what servers send back.

/** Shorter texts are not hidden: they would blot out half of every message. */
const MIN_SECRET_LENGTH = 4;

/** Tokens are renewed about once an hour; older ones than these are long expired. */
const MAX_TOKENS = 32;

/** The secrets of one client: passwords for good, tokens for as long as a late message may name them. */
export class SecretKeeper {
  readonly #lasting = new Set<string>();
  readonly #tokens: string[] = [];

  /** Hides a password, a header value or the like from now on. */
  add(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= MIN_SECRET_LENGTH) this.#lasting.add(secret);
  }

  /** Hides a token, until many newer ones have come. */
  addToken(token: string | undefined): void {
    if (token === undefined || token.length < MIN_SECRET_LENGTH || this.#tokens.includes(token))
      return;
    this.#tokens.push(token);
    if (this.#tokens.length > MAX_TOKENS) this.#tokens.shift();
  }

  /** The text with every secret replaced by `********`. */
  hideIn(text: string): string {
    return [...this.#lasting, ...this.#tokens].reduce(
      (shown, secret) => shown.replaceAll(secret, '********'),
      text,
    );
  }
}
