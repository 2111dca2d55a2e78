// The contract of logging in: access tokens, their renewal and their revocation.
import {
  errorResponses,
  jsonBody,
  jsonResponse,
  pathParameter,
  ref,
  text,
  type Paths,
  type Schemas,
} from './document.js';

const tag = ['Authentication APIs'];

const exampleToken = {
  token_type: 'Bearer',
  access_token: 'eyJhbGciOiJSUzUxMiIs…',
  expires_in: 3600,
  expires_on: 1479664807,
  refresh_token: 'ScW2tnhl4Oi7ksHLj/TI',
};

/** Paths of logging in. */
export const loginPaths: Paths = {
  '/login': {
    post: {
      operationId: 'login',
      tags: tag,
      summary: 'Log in with a user name and a password',
      description:
        'For Active Directory, LDAP and the local `admin` account. With Azure Active Directory this call is not used: the bearer token comes from there.',
      requestBody: jsonBody(ref('LoginRequest'), 'Who logs in.', {
        username: 'admin',
        password: '…',
      }),
      responses: {
        200: jsonResponse(ref('AccessTokenResponse'), 'A pair of tokens.', exampleToken),
        ...errorResponses({ 401: 'The user name or the password is wrong.' }),
      },
      security: [],
      'x-since': '9.0.1',
    },
  },
  '/login/refreshToken': {
    post: {
      operationId: 'renewToken',
      tags: tag,
      summary: 'Exchange a refresh token for a new pair of tokens',
      description: 'The pair that was in use before is no longer accepted afterwards.',
      requestBody: jsonBody(ref('RenewTokenRequest'), 'The refresh token in force.'),
      responses: {
        200: jsonResponse(ref('AccessTokenResponse'), 'A new pair of tokens.', exampleToken),
        ...errorResponses({ 401: 'The refresh token is unknown, expired or revoked.' }),
      },
      security: [],
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'revokeRefreshToken',
      tags: tag,
      summary: 'Revoke a refresh token and the access token that came with it',
      parameters: [
        {
          name: 'refreshToken',
          in: 'query',
          required: true,
          description: 'The refresh token; percent-encoded, because it may hold `/` and `+`.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: jsonResponse(
          ref('AccessTokenResponse'),
          'Revoked. The object is empty; the articles show no body.',
        ),
        ...errorResponses({ 401: 'The refresh token is unknown or expired.' }),
      },
      'x-since': '9.0.1',
    },
  },
  '/login/refreshToken/{refreshToken}': {
    delete: {
      operationId: 'revokeRefreshTokenByPath',
      tags: tag,
      summary: 'Revoke a refresh token named in the path',
      description: 'The form which the Swagger files of published services printed up to 9.1.',
      parameters: [pathParameter('refreshToken', 'The refresh token, percent-encoded.')],
      responses: {
        200: jsonResponse(ref('AccessTokenResponse'), 'Revoked. The object is empty.'),
        ...errorResponses({ 401: 'The refresh token is unknown or expired.' }),
      },
      'x-since': '9.0.1',
      'x-contradiction':
        'Only service Swagger files up to 9.1 print the path form, and name it revokeRefreshToken.',
    },
  },
};

/** Schemas of logging in. */
export const loginSchemas: Schemas = {
  LoginRequest: {
    type: 'object',
    required: ['username', 'password'],
    properties: {
      username: text('Name of the user.'),
      password: text('Password of the user.'),
    },
  },
  RenewTokenRequest: {
    type: 'object',
    required: ['refreshToken'],
    properties: { refreshToken: text('A refresh token that is still valid.') },
  },
  AccessTokenResponse: {
    type: 'object',
    properties: {
      token_type: text('Always `Bearer`.'),
      access_token: text('A JSON Web Token (RS512) for the `Authorization` header.'),
      expires_in: {
        type: ['integer', 'string'],
        description: 'Seconds for which the access token is valid, usually 3600.',
        'x-contradiction': 'In every example, in no schema.',
      },
      expires_on: {
        type: ['integer', 'string'],
        description: 'When the access token ends, in seconds since 1970.',
        'x-contradiction': 'A string in the schema, a number in every example.',
      },
      refresh_token: text('An opaque text for renewing the pair.'),
    },
  },
};
