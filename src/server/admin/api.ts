// Calls of the REST API with the tokens of one login. All paths are relative: the page works behind a proxy's prefix.
import type { AccessTokenResponse } from '../../api/index.js';

const STORED_TOKEN = 'rserver-refresh-token';
/** An access token is renewed so long before its end. */
const RENEWAL_MARGIN_MS = 60_000;

/** A refused or impossible call, in words for the reader. */
export class CallError extends Error {
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CallError';
    this.status = status;
  }
}

/** The login of this tab. Only the refresh token outlives a reload, and nothing the tab. */
export class Api {
  #accessToken: string | undefined;
  #expiresAtMs = Infinity;
  #renewal: Promise<void> | undefined;
  /** Called when the login has ended. */
  onLoggedOut: () => void = () => undefined;

  /** Goes on with the login from before a reload. */
  async resume(): Promise<boolean> {
    if (sessionStorage.getItem(STORED_TOKEN) === null) return false;
    return this.#renew().then(
      () => true,
      () => false,
    );
  }

  async login(username: string, password: string): Promise<void> {
    this.#keep(await readJson(await send('login', jsonRequest('POST', { username, password }))));
  }

  /** For servers whose users come from an OpenID provider. */
  async useToken(token: string): Promise<void> {
    await send('services', { headers: { authorization: `Bearer ${token}` } });
    this.#accessToken = token;
    this.#expiresAtMs = Infinity;
  }

  async logout(): Promise<void> {
    const refreshToken = sessionStorage.getItem(STORED_TOKEN);
    this.#forget();
    if (refreshToken === null) return;
    const query = new URLSearchParams({ refreshToken }).toString();
    await send(`login/refreshToken?${query}`, { method: 'DELETE' }).catch(() => undefined);
  }

  /** The JSON of an answer. @throws {CallError} */
  async get<Body>(path: string): Promise<Body> {
    return readJson(await this.#call(path, {}));
  }

  async post<Body>(path: string, body: unknown): Promise<Body> {
    return readJson(await this.#call(path, jsonRequest('POST', body)));
  }

  async delete(path: string): Promise<void> {
    await this.#call(path, { method: 'DELETE' });
  }

  async download(path: string): Promise<Blob> {
    return (await this.#call(path, {})).blob();
  }

  async #call(path: string, request: RequestInit): Promise<Response> {
    if (Date.now() > this.#expiresAtMs - RENEWAL_MARGIN_MS) await this.#renew();
    try {
      return await this.#sendWithToken(path, request);
    } catch (error) {
      if (!(error instanceof CallError) || error.status !== 401) throw error;
      await this.#renew();
      return this.#sendWithToken(path, request);
    }
  }

  #sendWithToken(path: string, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${this.#accessToken ?? ''}`);
    return send(path, { ...request, headers });
  }

  /** One renewal serves all calls that wait for it: a refresh token works once. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#exchange().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #exchange(): Promise<void> {
    const refreshToken = sessionStorage.getItem(STORED_TOKEN);
    try {
      if (refreshToken === null) throw new CallError('Your login has ended.', 401);
      const request = jsonRequest('POST', { refreshToken });
      this.#keep(await readJson(await send('login/refreshToken', request)));
    } catch (error) {
      if (!(error instanceof CallError) || error.status !== 401) throw error;
      this.#forget();
      this.onLoggedOut();
      throw new CallError('Your login has ended. Log in again.', 401);
    }
  }

  #keep(tokens: AccessTokenResponse): void {
    this.#accessToken = tokens.access_token ?? '';
    this.#expiresAtMs = Date.now() + Number(tokens.expires_in ?? 3600) * 1000;
    if (tokens.refresh_token !== undefined) {
      sessionStorage.setItem(STORED_TOKEN, tokens.refresh_token);
    }
  }

  #forget(): void {
    this.#accessToken = undefined;
    sessionStorage.removeItem(STORED_TOKEN);
  }
}

/** A path from names that may hold anything. */
export function pathOf(...names: readonly string[]): string {
  return names.map(encodeURIComponent).join('/');
}

function jsonRequest(method: string, body: unknown): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

async function send(path: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...request, cache: 'no-store' });
  } catch (cause) {
    throw new CallError('The server does not answer.', 0, { cause });
  }
  if (!response.ok) throw new CallError(await reasonOf(response), response.status);
  return response;
}

async function readJson<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // A proxy's page: its status says more than its HTML.
  }
  return `The server answered ${response.status} ${response.statusText}.`;
}
