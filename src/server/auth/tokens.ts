// The life of a login: a pair of tokens, renewed into new pairs, revoked, expired.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { GrantRecord, GrantStore } from '../store/grants.js';
import { ApiError } from '../errors.js';
import { readAccessToken, signAccessToken } from './access-tokens.js';
import type { Identity, Principal } from './identity.js';
import type { SigningKey } from './signing-key.js';

/** @see https://learn.microsoft.com/en-us/machine-learning-server/operationalize/how-to-manage-access-tokens */
export const ACCESS_TOKEN_SECONDS = 3600;
/** A refresh token ends after 14 days without renewal ... */
const REFRESH_IDLE_MS = 14 * 24 * 3_600_000;
/** ... and 90 days after the login in any case. */
const REFRESH_TOTAL_MS = 90 * 24 * 3_600_000;

/** For so long a server believes what it read in the store: another server may have revoked the token since. */
const RECHECK_MS = 5000;
const CACHE_SIZE = 10_000;
const PURGE_INTERVAL_MS = 3_600_000;
const REFRESH_TOKEN_BYTES = 32;

/** What a client gets for a login or a renewal. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix seconds. */
  readonly expiresAtSeconds: number;
}

interface VerifiedToken {
  readonly principal: Principal;
  readonly accessId: string;
  readonly expiresAtMs: number;
  readonly checkedAtMs: number;
}

export interface TokensOptions {
  readonly store: GrantStore;
  readonly key: SigningKey;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** What the user of a login may do now; undefined when there is no such user any more. */
  readonly principalOf: (identity: Identity) => Promise<Principal | undefined>;
  /** What the source of a login says of its user now; undefined when there is no such user any more. */
  readonly refresh: (identity: Identity) => Promise<Identity | undefined>;
}

/** Issues, renews, revokes and verifies tokens. */
export class Tokens {
  readonly #options: TokensOptions;
  readonly #store: GrantStore;
  readonly #now: () => number;
  /** By token text, oldest first. */
  readonly #verified = new Map<string, VerifiedToken>();
  /** Token text by `accessId`, for dropping it. */
  readonly #textOf = new Map<string, string>();
  /** Counts what was forgotten, so that a check that is under way meanwhile remembers nothing. */
  #forgottenCount = 0;
  #purgedAtMs = 0;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#now = options.now;
  }

  /** A new login. */
  async issue({ name: owner, source, groups }: Identity): Promise<TokenPair> {
    const nowMs = this.#now();
    await this.#purge(nowMs);
    const accessId = randomUUID();
    const refreshToken = makeRefreshToken();
    await this.#store.insert({
      id: randomUUID(),
      owner,
      source,
      groups,
      accessId,
      refreshHash: hashOf(refreshToken),
      startedAtMs: nowMs,
      renewedAtMs: nowMs,
    });
    return this.#pairOf(owner, accessId, refreshToken, nowMs);
  }

  /**
   * A new pair for a refresh token; the old pair is no longer valid.
   *
   * @returns The pair, and whom it is for.
   * @throws {ApiError} `API_REFRESH_TOKEN`, also for a user who is gone; and what `refresh` throws.
   */
  async renew(oldRefreshToken: string): Promise<TokenPair & { readonly owner: string }> {
    const nowMs = this.#now();
    const oldHash = hashOf(oldRefreshToken);
    const grant = await this.#store.findByRefreshHash(oldHash);
    if (
      grant === undefined ||
      nowMs >= grant.renewedAtMs + REFRESH_IDLE_MS ||
      nowMs >= grant.startedAtMs + REFRESH_TOTAL_MS
    ) {
      throw refusedRefreshToken();
    }
    const identity = await this.#options.refresh(identityOf(grant));
    if (identity === undefined) throw refusedRefreshToken();
    const accessId = randomUUID();
    const refreshToken = makeRefreshToken();
    const renewal = {
      accessId,
      refreshHash: hashOf(refreshToken),
      renewedAtMs: nowMs,
      groups: identity.groups,
    };
    // Of two renewals at once, one finds the old hash gone.
    if (!(await this.#store.renew(oldHash, renewal))) throw refusedRefreshToken();
    this.#forget(grant.accessId);
    const pair = await this.#pairOf(grant.owner, accessId, refreshToken, nowMs);
    return { ...pair, owner: grant.owner };
  }

  /**
   * Ends a login: neither token of the pair is valid any more.
   *
   * @returns Whose login it was.
   * @throws {ApiError} `API_REFRESH_TOKEN` when there is no such refresh token.
   */
  async revoke(refreshToken: string): Promise<string> {
    const hash = hashOf(refreshToken);
    const grant = await this.#store.findByRefreshHash(hash);
    if (grant === undefined || !(await this.#store.deleteByRefreshHash(hash))) {
      throw refusedRefreshToken();
    }
    this.#forget(grant.accessId);
    return grant.owner;
  }

  /** The user of a token that was verified a moment ago; undefined means: ask {@link verify}. Takes about 1 µs. */
  known(accessToken: string): Principal | undefined {
    const verified = this.#verified.get(accessToken);
    if (verified === undefined) return undefined;
    const nowMs = this.#now();
    const isFresh = nowMs < verified.expiresAtMs && nowMs < verified.checkedAtMs + RECHECK_MS;
    return isFresh ? verified.principal : undefined;
  }

  /** The user of a token; undefined when it is forged, expired, renewed or revoked, or its user is gone. */
  async verify(accessToken: string): Promise<Principal | undefined> {
    const nowMs = this.#now();
    const known = this.#verified.get(accessToken);
    const claims =
      known !== undefined && nowMs < known.expiresAtMs
        ? { ...known, expiresAtSeconds: known.expiresAtMs / 1000 }
        : await readAccessToken(accessToken, this.#options.key, nowMs);
    if (claims === undefined) return undefined;
    const forgottenCount = this.#forgottenCount;
    const grant = await this.#store.findByAccessId(claims.accessId);
    const principal =
      grant === undefined ? undefined : await this.#options.principalOf(identityOf(grant));
    if (principal === undefined) {
      this.#forget(claims.accessId);
      return undefined;
    }
    if (forgottenCount === this.#forgottenCount) {
      this.#remember(accessToken, {
        principal,
        accessId: claims.accessId,
        expiresAtMs: claims.expiresAtSeconds * 1000,
        checkedAtMs: nowMs,
      });
    }
    return principal;
  }

  async #pairOf(
    owner: string,
    accessId: string,
    refreshToken: string,
    nowMs: number,
  ): Promise<TokenPair> {
    const issuedAtSeconds = Math.floor(nowMs / 1000);
    const expiresAtSeconds = issuedAtSeconds + ACCESS_TOKEN_SECONDS;
    const claims = { owner, accessId, expiresAtSeconds };
    const accessToken = await signAccessToken(claims, this.#options.key, issuedAtSeconds);
    return { accessToken, refreshToken, expiresAtSeconds };
  }

  #remember(accessToken: string, verified: VerifiedToken): void {
    this.#verified.set(accessToken, verified);
    this.#textOf.set(verified.accessId, accessToken);
    if (this.#verified.size <= CACHE_SIZE) return;
    for (const oldest of this.#verified.values()) {
      this.#forget(oldest.accessId);
      return;
    }
  }

  #forget(accessId: string): void {
    this.#forgottenCount += 1;
    const text = this.#textOf.get(accessId);
    if (text === undefined) return;
    this.#textOf.delete(accessId);
    this.#verified.delete(text);
  }

  async #purge(nowMs: number): Promise<void> {
    if (nowMs < this.#purgedAtMs + PURGE_INTERVAL_MS) return;
    this.#purgedAtMs = nowMs;
    await this.#store.deleteBefore({
      renewedAtMs: nowMs - REFRESH_IDLE_MS,
      startedAtMs: nowMs - REFRESH_TOTAL_MS,
    });
  }
}

function identityOf({ owner, source, groups }: GrantRecord): Identity {
  return { name: owner, source, groups };
}

function refusedRefreshToken(): ApiError {
  return new ApiError('API_REFRESH_TOKEN', 'Unauthorized (invalid or expired refresh token).');
}

function makeRefreshToken(): string {
  return randomBytes(REFRESH_TOKEN_BYTES).toString('base64url');
}

function hashOf(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('base64url');
}
