import { describe, expect, test } from 'vitest';
import { operations } from '../../../../src/api/index.js';
import type { Identity } from '../../../../src/server/auth/identity.js';
import {
  includesRole,
  LEAST_ROLE,
  roleOf,
  type RoleAssignments,
} from '../../../../src/server/auth/roles.js';

const person = (changes: Partial<Identity> = {}): Identity => ({
  name: 'ann',
  source: 'ldap',
  groups: [],
  ...changes,
});
const users = (...names: string[]) => ({ users: names, groups: [] });
const groups = (...names: string[]) => ({ users: [], groups: names });

describe('who has which role', () => {
  test.each<[string, RoleAssignments, string | undefined]>([
    ['nothing is declared', {}, 'Contributor'],
    ['empty lists are declared', { Owner: users(), Contributor: users() }, 'Contributor'],
    ['only owners are', { Owner: users('eve') }, 'Contributor'],
    ['contributors are', { Contributor: users('eve') }, 'Reader'],
    ['owners and contributors are', { Owner: users('eve'), Contributor: groups('g') }, 'Reader'],
    ['readers are', { Reader: groups('g') }, undefined],
    ['all are', { Owner: users('x'), Contributor: users('y'), Reader: users('z') }, undefined],
  ])('where %s, somebody without a role is %3$s', (_case, assignments, role) => {
    expect(roleOf(person(), assignments)).toBe(role);
  });

  test('the highest of several roles counts', () => {
    const assignments = {
      Owner: groups('owners'),
      Contributor: users('ann'),
      Reader: users('ann'),
    };

    expect(roleOf(person(), assignments)).toBe('Contributor');
    expect(roleOf(person({ groups: ['owners'] }), assignments)).toBe('Owner');
    expect(roleOf(person({ role: 'Owner' }), assignments)).toBe('Owner');
  });

  test('groups are the same in any case of letters and with spaces in a DN', () => {
    const assignments = { Owner: groups('cn=Owners,ou=groups,dc=example') };

    expect(roleOf(person({ groups: ['CN=owners, OU=Groups, DC=example'] }), assignments)).toBe(
      'Owner',
    );
    expect(roleOf(person({ groups: ['owners'] }), assignments)).toBe('Contributor');
  });

  test('the local admin owns the server, another admin does not', () => {
    expect(roleOf(person({ name: 'admin', source: 'local' }), { Reader: users('z') })).toBe(
      'Owner',
    );
    expect(roleOf(person({ name: 'admin', source: 'ldap' }), {})).toBe('Contributor');
    expect(roleOf(person({ name: 'admin', source: 'openid' }), {})).toBe('Contributor');
  });
});

describe('what a role may call', () => {
  test('every operation of the contract has its least role, and nothing else has', () => {
    expect(Object.keys(LEAST_ROLE).sort()).toEqual(Object.keys(operations).sort());
  });

  test('what needs no token or only its own is open to everybody', () => {
    const open = Object.entries(LEAST_ROLE).filter(([, least]) => least === 'anyone');

    expect(open.map(([name]) => name)).toEqual([
      'login',
      'renewToken',
      'revokeRefreshToken',
      'revokeRefreshTokenByPath',
    ]);
  });

  test('a reader lists and consumes services, and asks for the status', () => {
    const readable = Object.entries(LEAST_ROLE).filter(([, least]) =>
      includesRole('Reader', least),
    );

    expect(
      readable.map(([name]) => name).filter((name) => LEAST_ROLE[name as 'login'] !== 'anyone'),
    ).toEqual([
      'status',
      'getAllWebServices',
      'getAllWebServiceVersionsByName',
      'getWebServiceVersion',
      'GetWebServiceSwagger',
      'ConsumeWebService',
      'StartBatchExecution',
      'GetBatchExecutions',
      'GetBatchExecutionStatus',
      'CancelAndDeleteBatchExecution',
      'GetBatchExecutionFiles',
      'GetBatchExecutionFile',
    ]);
  });

  test('only an owner says which machines compute', () => {
    const owned = Object.entries(LEAST_ROLE).filter(([, least]) => least === 'Owner');

    expect(owned.map(([name]) => name)).toEqual([
      'setComputeNodes',
      'addComputeNode',
      'removeComputeNode',
    ]);
  });
});
