// Certificates for tests: an authority, and what it signs for 127.0.0.1 and for clients. Made by openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority whose files are in `directory`. */
export class CertificateAuthority {
  readonly cert: string;
  readonly #directory: string;
  readonly #key: string;

  constructor(directory: string, name = 'authority') {
    this.#directory = directory;
    this.cert = path.join(directory, `${name}.pem`);
    this.#key = path.join(directory, `${name}.key`);
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', `/CN=test ${name}`, '-keyout', this.#key, '-out', this.cert],
    );
  }

  get pem(): string {
    return readFileSync(this.cert, 'utf8');
  }

  /** Signs a certificate for servers on 127.0.0.1 and for clients. */
  sign(name: string): CertificateFiles {
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((suffix) =>
      path.join(this.#directory, `${name}.${suffix}`),
    ) as [string, string, string, string];
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', `/CN=${name}`, '-keyout', key, '-out', request],
    );
    openssl(
      ...['x509', '-req', '-in', request, '-CA', this.cert, '-CAkey', this.#key],
      ...['-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', cert],
    );
    return { cert, key };
  }
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
