export { type AuditEntry, type AuditSink } from './audit.js';
export { createAuditFile, type AuditFileOptions } from './audit-file.js';
export { ROLES, type Role } from './auth/identity.js';
export type { LdapOptions } from './auth/ldap.js';
export type { OpenIdOptions } from './auth/openid.js';
export {
  createSecretVerifier,
  hashPassword,
  verifyPassword,
  type PasswordVerifier,
} from './auth/passwords.js';
export type { RoleAssignments, RoleMembers } from './auth/roles.js';
export { ApiError, type ApiErrorOptions } from './errors.js';
export {
  DEFAULT_LIMITS,
  type ListenOptions,
  type MetricsOptions,
  type ServerLimits,
  type ServerOptions,
  type ServerTls,
} from './options.js';
export { createServer, type IdleListener, type RServer } from './server.js';
export type { AccountRecord, AccountStore } from './store/accounts.js';
export type { GrantRecord, GrantRenewal, GrantStore } from './store/grants.js';
export type { SnapshotRecord, SnapshotStore } from './store/snapshots.js';
export { openStore, type StoreOptions } from './store/open.js';
export { openSqliteStore } from './store/sqlite.js';
export type { Store } from './store/store.js';
