// A PostgreSQL cluster of its own in a temporary folder, from the programs of the system.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';
/** Whom Debian makes for the database; it refuses to run as root. */
const DATABASE_USER = 'postgres';

/** The folder of `initdb` and `postgres`; undefined when there is none. */
export function findPostgresql(): string | undefined {
  const versions = existsSync(DEBIAN_VERSIONS)
    ? readdirSync(DEBIAN_VERSIONS).sort((a, b) => Number(b) - Number(a))
    : [];
  return versions
    .map((version) => path.join(DEBIAN_VERSIONS, version, 'bin'))
    .find((folder) => existsSync(path.join(folder, 'initdb')));
}

/** A running cluster. */
export interface PostgresqlCluster {
  /** Makes an empty database and gives its URL, with its password. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Makes and starts a cluster that listens on loopback and asks for a password. */
export async function startPostgresql(): Promise<PostgresqlCluster> {
  const binaries = findPostgresql();
  if (binaries === undefined) throw new Error('There is no PostgreSQL on this machine.');
  const directory = await mkdtemp(path.join(os.tmpdir(), 'rserver-pg-'));
  const password = randomBytes(12).toString('hex');
  const passwordFile = path.join(directory, 'password');
  const data = path.join(directory, 'data');
  await writeFile(passwordFile, password);
  if (isRoot()) {
    spawnSync('chown', ['-R', DATABASE_USER, directory]);
    await chmod(directory, 0o755);
  }
  await run(path.join(binaries, 'initdb'), [
    ...['-D', data, '-U', 'tester', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
    ...['--no-sync', '--encoding=UTF8', '--locale=C'],
  ]);
  const port = await freePort();
  const options = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' };
  const server = start(path.join(binaries, 'postgres'), [
    ...['-D', data, '-p', String(port)],
    ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const url = (database: string): string =>
    `postgresql://tester:${password}@127.0.0.1:${port}/${database}`;
  await waitUntilReady(server);
  return {
    createDatabase: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await query(url('postgres'), `create database ${name}`);
      return url(name);
    },
    stop: async () => {
      if (server.exitCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGINT'); // fast: connections are cut
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Runs statements in a database; gives the rows of a `select`. */
export async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

function asDatabaseUser(program: string, args: readonly string[]): [string, string[]] {
  if (!isRoot()) return [program, [...args]];
  const user = [`--reuid=${DATABASE_USER}`, `--regid=${DATABASE_USER}`, '--init-groups'];
  return ['setpriv', [...user, '--', program, ...args]];
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(...asDatabaseUser(program, args), { cwd: '/' });
}

function start(program: string, args: readonly string[]): ChildProcess {
  const [command, commandArgs] = asDatabaseUser(program, args);
  return spawn(command, commandArgs, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
}

function waitUntilReady(server: ChildProcess): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('database system is ready to accept connections')) resolve();
    });
    server.once('exit', () => {
      reject(new Error(`PostgreSQL did not start: ${text}`));
    });
  });
}

/** A port that nobody listens on; the programs that the tests start cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
