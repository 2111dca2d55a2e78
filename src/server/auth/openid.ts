// Access tokens of an OpenID provider (Azure Active Directory, Keycloak ...): clients bring them, `POST /login` has no part.
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import { messageOf, type Logger } from '../../base/index.js';
import { ApiError } from '../errors.js';
import type { Identity } from './identity.js';

/** @see https://learn.microsoft.com/en-us/machine-learning-server/operationalize/configure-authentication */
export interface OpenIdOptions {
  /** E.g. `https://login.microsoftonline.com/TENANT/v2.0`; its description lies below `/.well-known/`. */
  readonly authority: string;
  /** Whom a token must be made for: one of these. */
  readonly audience: readonly string[];
  /** Who must have made a token; default what the authority says of itself. */
  readonly issuer?: string | undefined;
  /** Becomes the name of the user. */
  readonly usernameClaim: string;
  /** Claims that name groups or roles. */
  readonly groupClaims: readonly string[];
}

/** Asymmetric only: with a shared secret, whoever can check a token could make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];
const CLOCK_TOLERANCE_SECONDS = 60;
const TIMEOUT_MS = 10_000;

interface Authority {
  readonly issuer: string;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
}

/** Checks tokens by the provider's public keys, which are fetched when they are needed and when they change. */
export class OpenId {
  readonly source = 'openid';
  readonly #options: OpenIdOptions;
  readonly #logger: Logger;
  readonly #now: () => number;
  #authority: Promise<Authority> | undefined;

  /** @param now - Unix milliseconds. */
  constructor(options: OpenIdOptions, logger: Logger, now: () => number) {
    this.#options = options;
    this.#logger = logger;
    this.#now = now;
  }

  /**
   * The user of a token; undefined when it is not the provider's, not for this server, or expired.
   *
   * @throws {ApiError} `API_AUTHORITY_UNAVAILABLE`.
   */
  async verify(token: string): Promise<Identity | undefined> {
    if (token.split('.').length !== 3) return undefined;
    const { issuer, keys } = await this.#discover();
    try {
      const { payload } = await jwtVerify(token, (header, jws) => this.#keyOf(keys, header, jws), {
        issuer,
        audience: [...this.#options.audience],
        algorithms: ALGORITHMS,
        currentDate: new Date(this.#now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp'],
      });
      return this.#identityOf(payload);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      this.#logger.debug({ error: error.message }, 'a token of OpenID is refused');
      return undefined;
    }
  }

  /** Rejects when the provider does not answer. */
  async check(): Promise<void> {
    await this.#discover();
  }

  async #keyOf(
    keys: Authority['keys'],
    ...[header, token]: Parameters<Authority['keys']>
  ): ReturnType<Authority['keys']> {
    try {
      return await keys(header, token);
    } catch (error) {
      const isAboutToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw isAboutToken ? error : this.#unavailable(error);
    }
  }

  #identityOf(payload: JWTPayload): Identity | undefined {
    const { usernameClaim, groupClaims } = this.#options;
    const name = payload[usernameClaim];
    if (typeof name !== 'string' || name === '') {
      this.#logger.warn({ usernameClaim }, 'a token of OpenID has no such claim');
      return undefined;
    }
    const groups = groupClaims.flatMap((claim) => payload[claim] ?? []);
    return {
      name,
      source: 'openid',
      groups: groups.filter((group): group is string => typeof group === 'string'),
    };
  }

  async #discover(): Promise<Authority> {
    this.#authority ??= this.#fetchAuthority().catch((error: unknown) => {
      this.#authority = undefined;
      throw this.#unavailable(error);
    });
    return this.#authority;
  }

  /** @see https://openid.net/specs/openid-connect-discovery-1_0.html section 4 */
  async #fetchAuthority(): Promise<Authority> {
    const url = `${this.#options.authority.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}.`);
    const description = z
      .object({ issuer: z.string(), jwks_uri: z.url() })
      .parse(await response.json());
    return {
      issuer: this.#options.issuer ?? description.issuer,
      keys: createRemoteJWKSet(new URL(description.jwks_uri), { timeoutDuration: TIMEOUT_MS }),
    };
  }

  #unavailable(cause: unknown): ApiError {
    const { authority } = this.#options;
    this.#logger.error(
      { authority, error: messageOf(cause) },
      'the OpenID provider cannot be asked',
    );
    return new ApiError('API_AUTHORITY_UNAVAILABLE', 'The OpenID provider does not answer.', {
      cause,
    });
  }
}
