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
import { ApiError } from '../errors.js';
import { addRoute, paramsOf, type RouteContext } from './route.js';

/** Value of the header that tells what this server offers beyond R Server. */
export const OFFERED_EXTENSIONS = EXTENSION_NAMES.join(', ');

export function addLoginRoutes(app: FastifyInstance, context: RouteContext): void {
  const { tokens, options } = context;

  addRoute(app, context, 'login', async (request, reply) => {
    const { username, password } = request.body as LoginRequest;
    if (!(await options.accounts(username, password))) {
      throw new ApiError('API_CREDENTIALS', 'Unauthorized (invalid credentials).');
    }
    return sendTokens(reply, await tokens.issue(username));
  });

  addRoute(app, context, 'renewToken', async (request, reply) => {
    const { refreshToken } = request.body as RenewTokenRequest;
    return sendTokens(reply, await tokens.renew(refreshToken));
  });

  // Whoever holds the refresh token may end it, also when the access token has expired.
  addRoute(
    app,
    context,
    'revokeRefreshToken',
    async (request, reply) => {
      await tokens.revoke(refreshTokenOfQuery(request));
      return reply.send();
    },
    { needsToken: false },
  );

  addRoute(
    app,
    context,
    'revokeRefreshTokenByPath',
    async (request, reply) => {
      await tokens.revoke(paramsOf<'refreshToken'>(request).refreshToken);
      return reply.send();
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
