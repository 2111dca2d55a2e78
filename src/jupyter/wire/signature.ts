// Signs messages and checks the signatures of received ones. HMAC-SHA256 is the one scheme that is in use.
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { WireError } from '../errors.js';

/** The parts that are signed, in wire order: header, parent header, metadata and content of a message. */
export type SignedParts = readonly (string | Buffer)[];

/** How many signatures are remembered at least, and twice as many at most, to tell repeated messages. */
const REMEMBERED_SIGNATURES = 8192;

/**
 * Signs and verifies with one key, and remembers what it has verified.
 *
 * @see https://jupyter-client.readthedocs.io/en/stable/security.html and `jupyter_client/session.py`, digest history
 */
export class Signer {
  readonly #key: KeyObject | undefined;
  #recent = new Set<string>();
  #older = new Set<string>();

  /** @param key - Empty means unsigned, which the protocol allows. */
  constructor(key: string) {
    this.#key = key === '' ? undefined : createSecretKey(key, 'utf8');
  }

  /** The signature in lower-case hex, or an empty string without a key. */
  sign(parts: SignedParts): string {
    if (this.#key === undefined) return '';
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }

  /** @throws {WireError} `WIRE_SIGNATURE_BAD`, `WIRE_SIGNATURE_REPLAYED`. */
  verify(signature: Buffer, parts: SignedParts): void {
    if (this.#key === undefined) return;
    const expected = this.sign(parts);
    const expectedBytes = Buffer.from(expected);
    if (signature.length !== expectedBytes.length || !timingSafeEqual(signature, expectedBytes)) {
      throw new WireError('WIRE_SIGNATURE_BAD', 'The signature of a message is wrong.');
    }
    if (this.#recent.has(expected) || this.#older.has(expected)) {
      throw new WireError('WIRE_SIGNATURE_REPLAYED', 'A message came a second time.');
    }
    this.#remember(expected);
  }

  /** Two generations: the older one is dropped whole, so that forgetting costs nothing per message. */
  #remember(signature: string): void {
    this.#recent.add(signature);
    if (this.#recent.size < REMEMBERED_SIGNATURES) return;
    this.#older = this.#recent;
    this.#recent = new Set();
  }
}
