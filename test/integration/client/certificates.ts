// Makes a certificate authority, a server and a client certificate with openssl, for the length of a test run.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** PEM texts. */
export interface TestCertificates {
  readonly ca: string;
  readonly otherCa: string;
  readonly serverKey: string;
  readonly serverCert: string;
  /** For a host name that is not ours. */
  readonly strangerKey: string;
  readonly strangerCert: string;
  readonly clientKey: string;
  readonly clientCert: string;
}

/** Makes them in a temporary folder that is removed at once. */
export function makeCertificates(): TestCertificates {
  const folder = mkdtempSync(path.join(tmpdir(), 'rserver-certificates-'));
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  const makeAuthority = (name: string): void => {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`); // prettier-ignore
  };
  const sign = (name: string, extensions: string): void => {
    writeFileSync(path.join(folder, `${name}.ext`), extensions);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
      '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`); // prettier-ignore
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial',
      '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.crt`); // prettier-ignore
  };
  try {
    makeAuthority('ca');
    makeAuthority('other');
    sign('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    sign('stranger', 'subjectAltName=DNS:somewhere.example\n');
    sign('client', 'extendedKeyUsage=clientAuth\n');
    return {
      ca: read('ca.crt'),
      otherCa: read('other.crt'),
      serverKey: read('server.key'),
      serverCert: read('server.crt'),
      strangerKey: read('stranger.key'),
      strangerCert: read('stranger.crt'),
      clientKey: read('client.key'),
      clientCert: read('client.crt'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
