// Reads the bytes of a transfer as they pass: how many, and their digests for the comparison with the other end.
import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { BridgeError } from '../errors.js';

/** Passes bytes on. R has MD5 in its base packages, newer R and Python SHA-256: either may be asked for. */
export class Digests extends Transform {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  readonly #onBytes: (bytes: number) => void;
  readonly #wanted: readonly string[] | undefined;
  #values: { md5: string; sha256: string } | undefined;
  bytes = 0;

  /** @param wanted - Algorithm and digest that the other end told before: the stream fails at its end when they differ. */
  constructor(onBytes: (bytes: number) => void = () => undefined, wanted?: readonly string[]) {
    super();
    this.#onBytes = onBytes;
    this.#wanted = wanted;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#md5.update(chunk);
    this.#sha256.update(chunk);
    this.bytes += chunk.length;
    this.#onBytes(this.bytes);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#values = { md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') };
    try {
      if (this.#wanted !== undefined) this.require(this.#wanted);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** @throws {BridgeError} `BRIDGE_TRANSFER_DAMAGED` when the other end has another digest. */
  require([algorithm, digest]: readonly string[]): void {
    const own = algorithm === 'md5' ? this.#values?.md5 : this.#values?.sha256;
    if (own !== undefined && own === digest) return;
    throw new BridgeError('BRIDGE_TRANSFER_DAMAGED', 'The two ends have different checksums.');
  }
}
