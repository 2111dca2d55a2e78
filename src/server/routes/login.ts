// Logging in, renewing and revoking tokens.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  EXTENSION_NAMES,
  EXTENSIONS_HEADER,
  type AccessTokenResponse,
  type LoginRequest,
  type RenewTokenRequest,
} from '../../api/index.js';
import { ACCESS_TOKEN_SECONDS, type TokenPair } from '../auth/tokens.js';
import { addRoute, paramsOf, type RouteContext } from './route.js';

/** Value of the header that tells what this server offers beyond R Server. */
export const OFFERED_EXTENSIONS = EXTENSION_NAMES.join(', ');

/** The contract has an answer with tokens here, the articles none: no token, in the form of the contract. */
const REVOKED: AccessTokenResponse = {};

export function addLoginRoutes(app: FastifyInstance, context: RouteContext): void {
  const { authenticator } = context;

  addRoute(app, context, 'login', async (request, reply) => {
    const { username, password } = request.body as LoginRequest;
    request.owner = username; // for the audit log, also when it fails
    return sendTokens(reply, await authenticator.login(username, password, request.ip));
  });

  addRoute(app, context, 'renewToken', async (request, reply) => {
    const { refreshToken } = request.body as RenewTokenRequest;
    const { owner, ...pair } = await authenticator.renew(refreshToken);
    request.owner = owner;
    return sendTokens(reply, pair);
  });

  // Whoever holds the refresh token may end it, also when the access token has expired.
  addRoute(
    app,
    context,
    'revokeRefreshToken',
    async (request, reply) => {
      request.owner = await authenticator.revoke(refreshTokenOfQuery(request));
      return reply.send(REVOKED);
    },
    { needsToken: false },
  );

  addRoute(
    app,
    context,
    'revokeRefreshTokenByPath',
    async (request, reply) => {
      const { refreshToken } = paramsOf<'refreshToken'>(request);
      request.owner = await authenticator.revoke(refreshToken);
      return reply.send(REVOKED);
    },
    { needsToken: false },
  );
}

function sendTokens(reply: FastifyReply, pair: TokenPair): FastifyReply {
  const body: AccessTokenResponse = {
    token_type: 'Bearer',
    access_token: pair.accessToken,
    expires_in: ACCESS_TOKEN_SECONDS,
    expires_on: pair.expiresAtSeconds,
    refresh_token: pair.refreshToken,
  };
  return reply
    .header(EXTENSIONS_HEADER, OFFERED_EXTENSIONS)
    .header('cache-control', 'no-store')
    .send(body);
}

function refreshTokenOfQuery(request: FastifyRequest): string {
  return (request.query as { refreshToken: string }).refreshToken;
}
