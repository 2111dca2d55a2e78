// Reads the bearer token of a request, finds its user, and asks whether their role may make the call.
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { OperationId } from '../../api/index.js';
import { ApiError } from '../errors.js';
import type { Authenticator } from './authenticator.js';
import type { Principal, Role } from './identity.js';
import { refusalOf } from './roles.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the user; empty where a call needs no token. */
    owner: string;
    /** What the user may do. Where a call needs no token it is the least. */
    role: Role;
  }
}

/** The hook that lets a request in with a valid token of a sufficient role only, and sets `owner` and `role`. */
export function createAuthenticateHook(authenticator: Authenticator, operationId: OperationId) {
  return (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const token = bearerTokenOf(request.headers.authorization);
    if (token === undefined) {
      done(new ApiError('API_UNAUTHENTICATED', 'Unauthorized (no bearer token).'));
      return;
    }
    const admit = (principal: Principal): void => {
      request.owner = principal.owner;
      if (principal.role !== undefined) request.role = principal.role;
      done(refusalOf(principal, operationId));
    };
    const principal = authenticator.known(token);
    if (principal === undefined) authenticate(authenticator, token).then(admit, done);
    else admit(principal);
  };
}

/**
 * The user of a token.
 *
 * @param token - Undefined when the request has none.
 * @throws {ApiError} `API_UNAUTHENTICATED`, `API_AUTHORITY_UNAVAILABLE`.
 */
export async function authenticate(
  authenticator: Authenticator,
  token: string | undefined,
): Promise<Principal> {
  const principal = token === undefined ? undefined : await authenticator.verify(token);
  if (principal === undefined) {
    throw new ApiError('API_UNAUTHENTICATED', 'Unauthorized (invalid or expired access token).');
  }
  return principal;
}

/** The token of an `Authorization: Bearer` header. The scheme's name is case-insensitive (RFC 9110 11.1). */
export function bearerTokenOf(header: string | undefined): string | undefined {
  if (header === undefined || header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}
