// Passwords: scrypt hashes for those that people choose, and one account with a machine-made secret.
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Whether this name and password belong together. */
export type PasswordVerifier = (username: string, password: string) => Promise<boolean>;

interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** About 0.2 s and 32 MiB. @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
const PARAMETERS: ScryptParameters = { cost: 2 ** 15, blockSize: 8, parallelization: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** A salted scrypt hash as text: `scrypt$<cost>$<block size>$<parallelization>$<salt>$<key>`, the last two base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await deriveKey(password, salt, PARAMETERS);
  return [
    'scrypt',
    PARAMETERS.cost,
    PARAMETERS.blockSize,
    PARAMETERS.parallelization,
    salt.toString('base64url'),
    key.toString('base64url'),
  ].join('$');
}

/**
 * Whether a password gave this hash.
 *
 * @param hash - As {@link hashPassword} makes it.
 * @throws Error when the text is no such hash.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, cost, blockSize, parallelization, salt, key, ...rest] = hash.split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined || rest.length > 0) {
    throw new Error('A stored password hash does not begin with "scrypt$" or has missing parts.');
  }
  const expected = Buffer.from(key, 'base64url');
  const actual = await deriveKey(password, Buffer.from(salt, 'base64url'), {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
  });
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/**
 * One account with a secret of high entropy, made by a program: plain SHA-256 is enough there and takes microseconds.
 *
 * @param secret - At least 128 random bits as text; never a password that a person chose.
 */
export function createSecretVerifier(username: string, secret: string): PasswordVerifier {
  const expectedName = sha256(username);
  const expectedSecret = sha256(secret);
  return (actualName, actualSecret) => {
    const isName = timingSafeEqual(sha256(actualName), expectedName);
    const isSecret = timingSafeEqual(sha256(actualSecret), expectedSecret);
    return Promise.resolve(isName && isSecret);
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function deriveKey(password: string, salt: Buffer, parameters: ScryptParameters): Promise<Buffer> {
  const { cost, blockSize, parallelization } = parameters;
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize('NFKC'),
      salt,
      KEY_BYTES,
      { cost, blockSize, parallelization, maxmem: 2 * 128 * cost * blockSize },
      (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      },
    );
  });
}
