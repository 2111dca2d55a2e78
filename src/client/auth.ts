// Tokens: login, renewal before they expire (once for all who wait), and what to do when the server refuses one.
import { messageOf } from '../base/index.js';
import { asNumber, asText, isRecord, tryParseJson } from './answers.js';
import type { Call } from './call.js';
import { ClientError, isClientError } from './errors.js';
import type { Answer } from './exchange.js';
import type { ResolvedOptions, SecretSource } from './options.js';
import type { SecretKeeper } from './secrets.js';

/** A token and what is known of its life. Times in milliseconds since 1970, by this machine's clock. */
export interface TokenState {
  readonly authorization: string;
  readonly refreshToken: string | undefined;
  readonly expiresAtMs: number;
  readonly renewAtMs: number;
}

/** Assumed where the server does not say, or its clock is far from ours. @see rserver-api section 4.4 */
const DEFAULT_LIFETIME_MS = 3_600_000;

/** Renewed this long before the end, or after nine tenths of a short life. */
const RENEWAL_MARGIN_MS = 300_000;

/** After a renewal that failed while the token still works. */
const RENEWAL_RETRY_MS = 30_000;

/** Node's timers take no more. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * When a token ends and when to renew it.
 *
 * `expires_in` is believed first (it needs no common clock), then the token's own `exp - iat`, then `expires_on`.
 * @see rserver-api section 11, no. 3 and 4
 */
export function tokenTimes(
  accessToken: string,
  expiresIn: unknown,
  expiresOn: unknown,
  nowMs: number,
): { expiresAtMs: number; renewAtMs: number } {
  const claims = readJwtClaims(accessToken);
  const [exp, iat] = [asNumber(claims['exp']), asNumber(claims['iat'] ?? claims['nbf'])];
  const inSeconds = asNumber(expiresIn);
  const onSeconds = asNumber(expiresOn) ?? exp;
  let lifetimeMs =
    inSeconds !== undefined
      ? inSeconds * 1000
      : exp !== undefined && iat !== undefined
        ? (exp - iat) * 1000
        : onSeconds !== undefined
          ? onSeconds * 1000 - nowMs
          : DEFAULT_LIFETIME_MS;
  if (!(lifetimeMs > 0)) lifetimeMs = DEFAULT_LIFETIME_MS;
  const margin = Math.min(RENEWAL_MARGIN_MS, lifetimeMs / 10);
  return { expiresAtMs: nowMs + lifetimeMs, renewAtMs: nowMs + lifetimeMs - margin };
}

/** The claims of a JSON Web Token, unchecked; empty for another kind of token. */
export function readJwtClaims(token: string): Readonly<Record<string, unknown>> {
  const payload = token.split('.')[1] ?? '';
  const claims = tryParseJson(Buffer.from(payload, 'base64url').toString());
  return isRecord(claims) ? claims : {};
}

/** Holds the tokens of one client. */
export class Authenticator {
  readonly #options: ResolvedOptions;
  readonly #secrets: SecretKeeper;
  readonly #send: (call: Call) => Promise<Answer>;
  #state: TokenState | undefined;
  #renewal: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #holds = 0;
  #isClosed = false;

  /** @param send - Sends a call that needs no token. */
  constructor(
    options: ResolvedOptions,
    secrets: SecretKeeper,
    send: (call: Call) => Promise<Answer>,
  ) {
    this.#options = options;
    this.#secrets = secrets;
    this.#send = send;
  }

  /** Who is logged in, as far as it is known. */
  get username(): string | undefined {
    const { auth } = this.#options;
    if (auth.type === 'password') return auth.username;
    const token =
      this.#state?.authorization ?? (typeof auth.accessToken === 'string' ? auth.accessToken : '');
    const claims = readJwtClaims(token);
    const name = claims['upn'] ?? claims['unique_name'] ?? claims['preferred_username'];
    return typeof name === 'string' ? name : undefined;
  }

  /** Value of the `Authorization` header, when there is a token that need not be renewed yet. */
  current(): string | undefined {
    const state = this.#state;
    return state !== undefined && this.#options.now() < state.renewAtMs
      ? state.authorization
      : undefined;
  }

  /**
   * Waits for a token. Any number of callers cause one login or renewal.
   *
   * @throws {ClientError} `CLIENT_AUTH`, `CLIENT_UNREACHABLE`, ...; the signal's reason.
   */
  async obtain(signal: AbortSignal | undefined): Promise<string> {
    let authorization = this.current();
    if (authorization === undefined) {
      await waitFor(this.#renewOnce(), signal);
      authorization = this.#state?.authorization;
    }
    if (authorization === undefined) throw new ClientError('CLIENT_AUTH', 'There is no token.');
    return authorization;
  }

  /** A new login, whatever token there is. */
  async login(signal: AbortSignal | undefined): Promise<void> {
    this.#renewal ??= this.#share(this.#authenticate());
    await waitFor(this.#renewal, signal);
  }

  /**
   * After a 401: gets another token unless that has happened since.
   *
   * @param authorization - The header value that was refused.
   * @throws {ClientError} `CLIENT_AUTH` when no other token can be had.
   */
  async replace(authorization: string, signal: AbortSignal | undefined): Promise<void> {
    const state = this.#state;
    if (state !== undefined && state.authorization !== authorization) return;
    if (state !== undefined) this.#state = { ...state, expiresAtMs: 0, renewAtMs: 0 };
    await waitFor(this.#renewOnce(), signal);
  }

  /** Whether another token could be had after a 401. */
  get isReplaceable(): boolean {
    const { auth } = this.#options;
    return auth.type === 'password' || typeof auth.accessToken === 'function';
  }

  /** Keeps the tokens fresh until `release` is called, also when no other request is made: for long executions. */
  hold(): void {
    this.#holds += 1;
  }

  /** Ends one {@link hold}. */
  release(): void {
    this.#holds -= 1;
  }

  /** The refresh token in force, to revoke it. */
  takeRefreshToken(): string | undefined {
    const token = this.#state?.refreshToken;
    this.#state = undefined;
    return token;
  }

  /** Stops renewing. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #renewOnce(): Promise<void> {
    this.#renewal ??= this.#share(this.#renew());
    return this.#renewal;
  }

  #share(work: Promise<void>): Promise<void> {
    const shared = work.finally(() => {
      this.#renewal = undefined;
    });
    // Every waiter may have been cancelled.
    shared.catch(() => undefined);
    return shared;
  }

  async #renew(): Promise<void> {
    const state = this.#state;
    if (this.#options.auth.type === 'token' || state?.refreshToken === undefined) {
      await this.#authenticate();
      return;
    }
    try {
      await this.#refresh(state.refreshToken);
    } catch (error) {
      if (isRefusal(error)) {
        this.#options.logger.info(
          { server: this.#options.displayUrl },
          'the refresh token was refused: logging in',
        );
        await this.#authenticate();
        return;
      }
      if (this.#options.now() >= state.expiresAtMs) throw error;
      this.#options.logger.warn(
        { error: messageOf(error) },
        'the token could not be renewed; it still works',
      );
      const renewAtMs = Math.min(this.#options.now() + RENEWAL_RETRY_MS, state.expiresAtMs);
      this.#setState({ ...state, renewAtMs });
    }
  }

  async #authenticate(): Promise<void> {
    const { auth } = this.#options;
    if (auth.type === 'token') {
      const accessToken = await this.#reveal(auth.accessToken, 'access token');
      this.#secrets.addToken(accessToken);
      const times = tokenTimes(accessToken, undefined, undefined, this.#options.now());
      // A token that cannot be exchanged is used until the server says no.
      const isFixed = typeof auth.accessToken === 'string';
      this.#setState({
        authorization: `Bearer ${accessToken}`,
        refreshToken: undefined,
        expiresAtMs: isFixed ? Infinity : times.expiresAtMs,
        renewAtMs: isFixed ? Infinity : times.renewAtMs,
      });
      return;
    }
    const password = await this.#reveal(auth.password, 'password');
    this.#secrets.add(password);
    await this.#requestTokens('log in', '/login', { username: auth.username, password }, true);
  }

  async #refresh(refreshToken: string): Promise<void> {
    await this.#requestTokens('renew the token', '/login/refreshToken', { refreshToken }, false);
  }

  async #requestTokens(
    operation: string,
    path: string,
    body: Readonly<Record<string, string>>,
    isIdempotent: boolean,
  ): Promise<void> {
    const answer = await this.#send({
      operation,
      method: 'POST',
      path,
      body: JSON.stringify(body),
      limitName: 'login',
      needsToken: false,
      isIdempotent,
      retriesBusy: true,
      changesState: false,
    });
    const value = tryParseJson(answer.body.toString());
    const accessToken = isRecord(value) ? asText(value['access_token']) : '';
    if (!isRecord(value) || accessToken === '') {
      throw new ClientError(
        'CLIENT_BAD_RESPONSE',
        `What answers at ${this.#options.displayUrl} took the request to ${operation} but sent no access token.`,
        { facts: { server: this.#options.displayUrl, operation } },
      );
    }
    const refreshToken = asText(value['refresh_token']);
    this.#secrets.addToken(accessToken);
    this.#secrets.addToken(refreshToken);
    this.#setState({
      authorization: `Bearer ${accessToken}`,
      refreshToken: refreshToken === '' ? undefined : refreshToken,
      ...tokenTimes(accessToken, value['expires_in'], value['expires_on'], this.#options.now()),
    });
  }

  async #reveal(source: SecretSource, what: string): Promise<string> {
    if (typeof source === 'string') return source;
    try {
      return await source();
    } catch (error) {
      throw new ClientError(
        'CLIENT_AUTH',
        `No ${what} for the R Server at ${this.#options.displayUrl} could be had.`,
        {
          cause: error,
          facts: { server: this.#options.displayUrl },
        },
      );
    }
  }

  #setState(state: TokenState): void {
    this.#state = state;
    this.#armTimer(state.renewAtMs);
  }

  #armTimer(renewAtMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !Number.isFinite(renewAtMs)) return;
    const waitMs = Math.min(Math.max(renewAtMs - this.#options.now(), 0), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      // Timers fire early by a millisecond, and are shorter than some lives.
      if (this.#options.now() < renewAtMs) this.#armTimer(renewAtMs);
      else this.#renewInBackground();
    }, waitMs);
    this.#timer.unref();
  }

  /** Only while something long runs: an idle client renews with its next request. */
  #renewInBackground(): void {
    if (this.#holds === 0) return;
    this.#renewOnce().catch((error: unknown) => {
      this.#options.logger.warn(
        { error: messageOf(error) },
        'the token could not be renewed in the background',
      );
    });
  }
}

/** Whether the server said no to a refresh token, as opposed to not answering. */
function isRefusal(error: unknown): boolean {
  if (!isClientError(error)) return false;
  if (error.code === 'CLIENT_AUTH') return true;
  const { statusCode } = error.facts;
  return (
    error.code === 'CLIENT_STATUS' &&
    typeof statusCode === 'number' &&
    statusCode >= 400 &&
    statusCode < 500
  );
}

/** Waits for shared work; a cancelled caller leaves, the work goes on for the others. */
async function waitFor(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
