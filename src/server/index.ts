export {
  createAccountVerifier,
  createSecretVerifier,
  hashPassword,
  verifyPassword,
  type PasswordVerifier,
} from './auth/passwords.js';
export { ApiError, type ApiErrorOptions } from './errors.js';
export {
  DEFAULT_LIMITS,
  type ListenOptions,
  type ServerLimits,
  type ServerOptions,
  type ServerTls,
} from './options.js';
export { createServer, type IdleListener, type RServer } from './server.js';
export type { GrantRecord, GrantRenewal, GrantStore } from './store/grants.js';
export type { SnapshotRecord, SnapshotStore } from './store/snapshots.js';
export { openSqliteStore } from './store/sqlite.js';
export type { Store } from './store/store.js';
