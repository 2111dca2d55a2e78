// An LDAP directory: Debian's slapd in a temporary folder, with a few people and groups, on ports of its own.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { CertificateAuthority } from './certificates.js';
import { freePort } from './postgresql.js';

const SLAPD = '/usr/sbin/slapd';
const LDAP_SCHEMAS = '/etc/ldap/schema';
const MODULES = '/usr/lib/ldap';
const START_ATTEMPTS = 200;

export const BASE = 'dc=example,dc=org';

/** Whether this machine has the directory server. */
export const hasSlapd = (): boolean => existsSync(SLAPD);

/** A running directory. */
export interface Slapd {
  /** `ldap://127.0.0.1:port`, which also takes StartTLS. */
  readonly url: string;
  /** `ldaps://127.0.0.1:port`. */
  readonly tlsUrl: string;
  /** Another address of it, of which its certificate says nothing; for StartTLS. */
  readonly otherUrl: string;
  /** Of the authority that has signed its certificate. */
  readonly ca: string;
  /** The account that searches, and its password. */
  readonly bindDn: string;
  readonly bindPassword: string;
  /** Applies changes in LDIF. */
  modify(ldif: string): void;
  stop(): Promise<void>;
}

const entry = (dn: string, ...lines: readonly string[]): string =>
  [`dn: ${dn}`, ...lines, ''].join('\n');
const person = (uid: string, password: string): string =>
  entry(
    `uid=${uid},ou=people,${BASE}`,
    ...['objectClass: inetOrgPerson', `cn: ${uid}`, `sn: ${uid}`, `userPassword: ${password}`],
  );

/** Ann owns, Bob contributes, Rita is in no group; one name has all the characters that a filter minds. */
const CONTENT = [
  entry(BASE, 'objectClass: dcObject', 'objectClass: organization', 'o: Example', 'dc: example'),
  entry(`ou=people,${BASE}`, 'objectClass: organizationalUnit', 'ou: people'),
  entry(`ou=groups,${BASE}`, 'objectClass: organizationalUnit', 'ou: groups'),
  entry(
    `cn=reader,${BASE}`,
    ...['objectClass: organizationalRole', 'objectClass: simpleSecurityObject'],
    ...['cn: reader', 'userPassword: search secret'],
  ),
  person('ann', 'ann password'),
  person('bob', 'bob password'),
  person('rita', 'rita password'),
  person('odd (*) name', 'odd password'),
  entry(
    `cn=RServer Owners,ou=groups,${BASE}`,
    ...['objectClass: groupOfNames', 'cn: RServer Owners', `member: uid=ann,ou=people,${BASE}`],
  ),
  entry(
    `cn=analysts,ou=groups,${BASE}`,
    ...['objectClass: groupOfNames', 'cn: analysts', `member: uid=bob,ou=people,${BASE}`],
    `member: uid=odd (*) name,ou=people,${BASE}`,
  ),
].join('\n');

/** Starts a directory; nobody may search it without a password. */
export async function startSlapd(): Promise<Slapd> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-ldap-'));
  const authority = new CertificateAuthority(directory, 'ldap-authority');
  const { cert, key } = authority.sign('ldap-server');
  const configuration = path.join(directory, 'slapd.conf');
  await mkdir(path.join(directory, 'db'));
  await writeFile(
    configuration,
    [
      ...['core', 'cosine', 'inetorgperson'].map(
        (name) => `include ${LDAP_SCHEMAS}/${name}.schema`,
      ),
      `modulepath ${MODULES}`,
      'moduleload back_mdb',
      'allow bind_anon_dn', // as Active Directory: a bind with a name and no password succeeds
      `TLSCACertificateFile ${authority.cert}`,
      `TLSCertificateFile ${cert}`,
      `TLSCertificateKeyFile ${key}`,
      'database mdb',
      `suffix ${BASE}`,
      `directory ${path.join(directory, 'db')}`,
      `rootdn cn=root,${BASE}`,
      'rootpw root',
      'access to attrs=userPassword by anonymous auth by * none',
      `access to * by dn.exact="cn=reader,${BASE}" read by * none`,
      '',
    ].join('\n'),
  );
  const [port, tlsPort] = [await freePort(), await freePort()];
  const otherUrl = `ldap://127.0.0.2:${port}`;
  const [url, tlsUrl] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${tlsPort}`];
  const server = spawn(
    SLAPD,
    ['-f', configuration, '-h', `${url} ${tlsUrl} ${otherUrl}`, '-d', '0'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await waitForPort(port, server);
  const modify = (ldif: string): void => {
    const args = ['-x', '-H', url, '-D', `cn=root,${BASE}`, '-w', 'root', '-c'];
    execFileSync('ldapmodify', args, { input: ldif, stdio: 'pipe' });
  };
  execFileSync('ldapadd', ['-x', '-H', url, '-D', `cn=root,${BASE}`, '-w', 'root'], {
    input: CONTENT,
    stdio: 'pipe',
  });
  return {
    url,
    tlsUrl,
    otherUrl,
    ca: authority.pem,
    bindDn: `cn=reader,${BASE}`,
    bindPassword: 'search secret',
    modify,
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGTERM');
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** slapd says nothing when it is ready: its port does. */
async function waitForPort(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`slapd ended with status ${server.exitCode}.`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        setTimeout(() => {
          resolve(false);
        }, 50);
      });
    });
    if (isOpen) return;
    if (attempt === START_ATTEMPTS) throw new Error('slapd does not listen.');
  }
}
