// The RSA key that signs access tokens. All servers on one data directory use the same one.
import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const KEY_BITS = 2048;
const FILE_NAME = 'token-signing-key.pem';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Reads the key of a data directory, or makes it (file mode 0600). Servers that start at once end up with one key. */
export async function loadSigningKey(dataDirectory: string): Promise<SigningKey> {
  const file = path.join(dataDirectory, FILE_NAME);
  const pem = (await readIfThere(file)) ?? (await createKeyFile(dataDirectory, file));
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

async function createKeyFile(dataDirectory: string, file: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS });
  const temporary = path.join(dataDirectory, `.${FILE_NAME}.${randomUUID()}`);
  try {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(temporary, pem, { mode: 0o600, flush: true });
    // link() fails when the name is taken, unlike rename(): the first server's key stays.
    await link(temporary, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(file, 'utf8');
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
