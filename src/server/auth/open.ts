// Puts together what a server knows its users by, from its options.
import { silentLogger } from '../../base/index.js';
import type { ServerLimits, ServerOptions } from '../options.js';
import type { Store } from '../store/store.js';
import { Authenticator } from './authenticator.js';
import type { IdentityProvider } from './identity.js';
import { createFixedAccounts, createLocalAccounts } from './local-accounts.js';
import { LoginLimiter } from './login-limiter.js';
import { loadSigningKey } from './signing-key.js';

/** LDAP and OpenID are loaded only where they are configured. */
export async function openAuthenticator(
  options: ServerOptions,
  limits: ServerLimits,
  store: Store,
  now: () => number,
): Promise<Authenticator> {
  const { logger = silentLogger, roles = {} } = options;
  return new Authenticator({
    store,
    key: await loadSigningKey(options.dataDirectory),
    now,
    providers: await openProviders(options, store),
    openId: await openOpenId(options, now),
    roles,
    limiter: new LoginLimiter(limits),
    logger,
  });
}

async function openProviders(
  { accounts, localAccounts = true, ldap, logger = silentLogger }: ServerOptions,
  store: Store,
): Promise<readonly IdentityProvider[]> {
  const providers: IdentityProvider[] = [];
  if (accounts !== undefined) providers.push(createFixedAccounts(accounts));
  else if (localAccounts) providers.push(createLocalAccounts(store.accounts));
  if (ldap !== undefined) {
    const { createLdapProvider } = await import('./ldap.js');
    providers.push(createLdapProvider(ldap, logger));
  }
  return providers;
}

async function openOpenId({ openId, logger = silentLogger }: ServerOptions, now: () => number) {
  if (openId === undefined) return undefined;
  const { OpenId } = await import('./openid.js');
  return new OpenId(openId, logger, now);
}
