// Access tokens: JSON Web Tokens signed with RS512, as R Server's are.
import { jwtVerify, SignJWT, errors } from 'jose';
import type { SigningKey } from './signing-key.js';

const ALGORITHM = 'RS512';
const ISSUER = 'rserver-kernel';

/** What a token says. */
export interface AccessClaims {
  readonly owner: string;
  /** The `jti`: names the login grant it belongs to. */
  readonly accessId: string;
  /** Unix seconds. */
  readonly expiresAtSeconds: number;
}

/** Signs a token; it says nothing but {@link AccessClaims}, its issuer and when it was made. */
export async function signAccessToken(
  claims: AccessClaims,
  key: SigningKey,
  issuedAtSeconds: number,
): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setSubject(claims.owner)
    .setJti(claims.accessId)
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(claims.expiresAtSeconds)
    .sign(key.privateKey);
}

/** What a token says, or undefined when it is not ours, was changed, or has expired. */
export async function readAccessToken(
  token: string,
  key: SigningKey,
  nowMs: number,
): Promise<AccessClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      currentDate: new Date(nowMs),
      requiredClaims: ['sub', 'jti', 'exp'],
    });
    const { sub, jti, exp } = payload;
    if (sub === undefined || jti === undefined || exp === undefined) return undefined;
    return { owner: sub, accessId: jti, expiresAtSeconds: exp };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
