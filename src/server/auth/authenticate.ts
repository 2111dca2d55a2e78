// Reads the bearer token of a request and finds its owner.
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { ApiError } from '../errors.js';
import type { Tokens } from './tokens.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the user; empty where a call needs no token. */
    owner: string;
  }
}

/** The hook that lets a request in with a valid token only, and sets `request.owner`. */
export function createAuthenticateHook(tokens: Tokens) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const token = bearerTokenOf(request.headers.authorization);
    if (token === undefined) {
      done(new ApiError('API_UNAUTHENTICATED', 'Unauthorized (no bearer token).'));
      return;
    }
    const owner = tokens.ownerOfVerified(token);
    if (owner !== undefined) {
      request.owner = owner;
      done();
      return;
    }
    authenticate(tokens, token).then((verified) => {
      request.owner = verified;
      done();
    }, done);
  };
}

/**
 * The owner of a token.
 *
 * @param token - Undefined when the request has none.
 * @throws {ApiError} `API_UNAUTHENTICATED`.
 */
export async function authenticate(tokens: Tokens, token: string | undefined): Promise<string> {
  const owner = token === undefined ? undefined : await tokens.verify(token);
  if (owner === undefined) {
    throw new ApiError('API_UNAUTHENTICATED', 'Unauthorized (invalid or expired access token).');
  }
  return owner;
}

/** The token of an `Authorization: Bearer` header. The scheme's name is case-insensitive (RFC 9110 11.1). */
export function bearerTokenOf(header: string | undefined): string | undefined {
  if (header === undefined || header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}
