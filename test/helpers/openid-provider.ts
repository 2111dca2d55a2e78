// A real OpenID provider (the package oidc-provider) on loopback, that lets everybody in whom the test names.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import Provider, { type Configuration } from 'oidc-provider';
import { freePort } from './postgresql.js';

const CLIENT_ID = 'notebook';
const REDIRECT_URI = 'http://127.0.0.1/callback';

/** The server that the tokens are for. */
export const AUDIENCE = 'https://rserver.example.org';

/** Who logs in, and what their token says of them. */
export interface OpenIdUser {
  readonly name: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A running provider. */
export class OpenIdProvider {
  readonly issuer: string;
  readonly #server: Server;
  #user: OpenIdUser | undefined;

  private constructor(issuer: string, configuration: Configuration) {
    this.issuer = issuer;
    const provider = new Provider(issuer, {
      ...configuration,
      extraTokenClaims: () => ({ ...this.#user?.claims }),
    });
    const handle = provider.callback();
    this.#server = createServer((request, response) => {
      if (request.url?.startsWith('/interaction/') !== true) {
        void handle(request, response);
        return;
      }
      void this.#consent(provider, request, response);
    });
  }

  /** @param accessTokenSeconds - How long its access tokens live. */
  static async start(accessTokenSeconds = 3600): Promise<OpenIdProvider> {
    const port = await freePort();
    const provider = new OpenIdProvider(`http://127.0.0.1:${port}`, {
      clients: [
        {
          client_id: CLIENT_ID,
          token_endpoint_auth_method: 'none',
          redirect_uris: [REDIRECT_URI],
          application_type: 'native',
        },
      ],
      cookies: { keys: ['test'] },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      ttl: { AccessToken: accessTokenSeconds, Grant: 3600, Session: 3600, Interaction: 600 },
      features: {
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, resource) => ({
            scope: 'api',
            audience: resource,
            accessTokenTTL: accessTokenSeconds,
            accessTokenFormat: 'jwt',
          }),
        },
      },
    });
    await new Promise<void>((resolve) => provider.#server.listen(port, '127.0.0.1', resolve));
    return provider;
  }

  /** Logs somebody in by the authorization code flow with PKCE; gives the access token. */
  async accessTokenFor(user: OpenIdUser, audience = AUDIENCE): Promise<string> {
    this.#user = user;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid api',
      resource: audience,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const code = await this.#follow(`${this.issuer}/auth?${query.toString()}`);
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: CLIENT_ID,
        grant_type: 'authorization_code',
        code,
        redirect_uri: REDIRECT_URI,
        code_verifier: verifier,
        resource: audience,
      }),
    });
    const body = (await answer.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(JSON.stringify(body));
    return body.access_token;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a browser does: follows redirections with cookies, up to the page of the client. */
  async #follow(start: string): Promise<string> {
    const cookies = new Map<string, string>();
    let url = start;
    for (let step = 0; step < 10; step += 1) {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      const text = await response.text();
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) throw new Error(`${url} answers ${response.status}: ${text}`);
      url = new URL(location, this.issuer).href;
      const code = url.startsWith(REDIRECT_URI) ? new URL(url).searchParams.get('code') : null;
      if (code !== null) return code;
    }
    throw new Error('too many redirections');
  }

  /** The login page of the provider: it believes the test, and grants what is asked for. */
  async #consent(
    provider: Provider,
    request: Parameters<Provider['interactionDetails']>[0],
    response: Parameters<Provider['interactionDetails']>[1],
  ): Promise<void> {
    const { params } = await provider.interactionDetails(request, response);
    const accountId = this.#user?.name ?? '';
    const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
    grant.addOIDCScope('openid');
    grant.addResourceScope(String(params['resource']), 'api');
    const result = { login: { accountId }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result);
  }
}
