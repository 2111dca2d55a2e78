// Logging in and recognising bearer tokens, whatever knows the user: local accounts, LDAP or OpenID.
import type { Logger } from '../../base/index.js';
import { ApiError } from '../errors.js';
import type { Store } from '../store/store.js';
import type { Identity, IdentityProvider, Principal } from './identity.js';
import type { LoginLimiter } from './login-limiter.js';
import type { OpenId } from './openid.js';
import { noRole, roleOf, type RoleAssignments } from './roles.js';
import type { SigningKey } from './signing-key.js';
import { Tokens, type TokenPair } from './tokens.js';

export interface AuthenticatorOptions {
  readonly store: Store;
  readonly key: SigningKey;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Asked in this order. */
  readonly providers: readonly IdentityProvider[];
  readonly openId: OpenId | undefined;
  readonly roles: RoleAssignments;
  readonly limiter: LoginLimiter;
  readonly logger: Logger;
}

/** What knows users, and a way to ask whether it answers. */
export interface IdentitySourceCheck {
  readonly source: string;
  readonly check: () => Promise<void>;
}

/** Everything between a request's credentials and its user. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #tokens: Tokens;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#tokens = new Tokens({
      store: options.store.grants,
      key: options.key,
      now: options.now,
      principalOf: async (identity) => {
        const current = await this.#providerOf(identity)?.current(identity);
        return current === undefined ? undefined : this.#principal(current);
      },
      refresh: async (identity) => this.#providerOf(identity)?.refresh(identity),
    });
  }

  /**
   * A new login.
   *
   * @param address - Of the client.
   * @throws {ApiError} `API_CREDENTIALS`, `API_NO_ROLE`, `API_TOO_MANY_ATTEMPTS`, `API_AUTHORITY_UNAVAILABLE`.
   */
  async login(username: string, password: string, address: string): Promise<TokenPair> {
    const identity = await this.#options.limiter.attempt({ username, address }, () =>
      this.#identify(username, password),
    );
    if (this.#principal(identity).role === undefined) throw noRole(identity.name);
    return this.#tokens.issue(identity);
  }

  /** @throws {ApiError} `API_REFRESH_TOKEN`, `API_AUTHORITY_UNAVAILABLE`. */
  async renew(refreshToken: string): Promise<TokenPair & { readonly owner: string }> {
    return this.#tokens.renew(refreshToken);
  }

  /**
   * @returns Whose login has ended.
   * @throws {ApiError} `API_REFRESH_TOKEN`.
   */
  async revoke(refreshToken: string): Promise<string> {
    return this.#tokens.revoke(refreshToken);
  }

  /** The user of a token that was verified a moment ago; undefined means: ask {@link verify}. */
  known(accessToken: string): Principal | undefined {
    return this.#tokens.known(accessToken);
  }

  /**
   * The user of a token, ours or the OpenID provider's; undefined when it is not valid.
   *
   * @throws {ApiError} `API_AUTHORITY_UNAVAILABLE`.
   */
  async verify(accessToken: string): Promise<Principal | undefined> {
    const principal = await this.#tokens.verify(accessToken);
    const { openId, store, providers, logger } = this.#options;
    if (principal !== undefined || openId === undefined) return principal;
    const identity = await openId.verify(accessToken);
    if (identity === undefined) return undefined;
    const isTaken =
      providers.some(({ source }) => source === 'local') &&
      (await store.accounts.find(identity.name)) !== undefined;
    if (!isTaken) return this.#principal(identity);
    logger.warn({ user: identity.name }, 'an OpenID user has the name of a local account');
    return undefined;
  }

  /** What knows the users, for `GET /status`. */
  get sources(): readonly IdentitySourceCheck[] {
    const { providers, openId } = this.#options;
    return [...providers, ...(openId === undefined ? [] : [openId])].map((known) => ({
      source: known.source,
      check: () => known.check(),
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#options.providers.map((provider) => provider.close()));
  }

  async #identify(username: string, password: string): Promise<Identity> {
    // An LDAP server takes a bind without a password for an anonymous one, which it lets in (RFC 4513 5.1.2).
    if (username !== '' && password !== '') {
      for (const provider of this.#options.providers) {
        const answer = await provider.login(username, password);
        if (typeof answer === 'object') return answer;
        if (answer === 'refused') break;
      }
    }
    throw new ApiError('API_CREDENTIALS', 'Unauthorized (invalid credentials).');
  }

  #providerOf({ source }: Identity): IdentityProvider | undefined {
    return this.#options.providers.find((provider) => provider.source === source);
  }

  #principal(identity: Identity): Principal {
    return { owner: identity.name, role: roleOf(identity, this.#options.roles) };
  }
}
