// The accounts of this server as a source of users: those of its store, or the one of a program.
import type { AccountStore } from '../store/accounts.js';
import type { IdentityProvider } from './identity.js';
import { hashPassword, verifyPassword, type PasswordVerifier } from './passwords.js';

/** The accounts of the store. Removing one ends its logins with the next look at it. */
export function createLocalAccounts(accounts: AccountStore): IdentityProvider {
  let nobody: Promise<string> | undefined;
  const current: IdentityProvider['current'] = async (identity) => {
    const account = await accounts.find(identity.name);
    return account === undefined ? undefined : { ...identity, role: account.role };
  };
  return {
    source: 'local',
    login: async (username, password) => {
      const account = await accounts.find(username);
      // An unknown name takes as long as a wrong password, so that names cannot be found out by time.
      nobody ??= hashPassword('');
      const isRight = await verifyPassword(password, account?.passwordHash ?? (await nobody));
      if (account === undefined) return 'unknown';
      if (!isRight) return 'refused';
      return { name: account.name, source: 'local', groups: [], role: account.role };
    },
    current,
    refresh: current,
    check: async () => {
      await accounts.find('');
    },
    close: () => Promise.resolve(),
  };
}

/** Accounts that a program keeps by itself. */
export function createFixedAccounts(verify: PasswordVerifier): IdentityProvider {
  return {
    source: 'local',
    login: async (username, password) =>
      (await verify(username, password))
        ? { name: username, source: 'local', groups: [] }
        : 'unknown',
    current: (identity) => Promise.resolve(identity),
    refresh: (identity) => Promise.resolve(identity),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
