// What a server is made from, and its limits.
import type { Logger } from '../base/index.js';
import type { RuntimeFactory } from '../runtimes/index.js';
import type { LdapOptions } from './auth/ldap.js';
import type { LoginLimits } from './auth/login-limiter.js';
import type { OpenIdOptions } from './auth/openid.js';
import type { PasswordVerifier } from './auth/passwords.js';
import type { RoleAssignments } from './auth/roles.js';
import type { AuditSink } from './audit.js';

/** Bounds of a server. Lengths of text are in UTF-16 code units. */
export interface ServerLimits extends LoginLimits {
  /** Bytes of a JSON body; default 256 MiB. */
  readonly maxBodyBytes: number;
  /** Bytes of an uploaded workspace object, which goes through memory; default 1 GiB. */
  readonly maxObjectBytes: number;
  /** Bytes of an uploaded file, which goes through in pieces; default no limit. */
  readonly maxFileBytes: number;
  /** Console text kept of one execution; default 64 Mi. Event streams carry everything. */
  readonly maxConsoleLength: number;
  /** Sources kept of one session, all together; default 16 Mi. */
  readonly maxHistoryLength: number;
  /** Sessions that nobody has used for so long are closed; default 0: never. */
  readonly sessionUnusedMs: number;
  /** Past so many unsent bytes to a watcher the program that prints waits; default 1 MiB. */
  readonly maxEventBufferBytes: number;
  /** A watcher for which a program had to wait so long is dropped; default 30 s. */
  readonly eventStallMs: number;
  /** So long code that asks for input waits for a watcher to take the request; default 5 s. */
  readonly inputPatienceMs: number;
  /** Live sessions of all users together; default no limit. */
  readonly maxSessions: number;
  /** Live sessions of one user; default no limit. */
  readonly maxUserSessions: number;
  /** An execution that runs longer is stopped; default no limit. */
  readonly maxExecutionMs: number;
  /** For so long the executions of one user may run in a day, all together; default no limit. */
  readonly maxUserExecutionMsPerDay: number;
  /** Memory of one R or Python process; default no limit. */
  readonly runtimeMemoryBytes: number;
  /** Processor time of one R or Python process; default no limit. */
  readonly runtimeCpuMs: number;
  /** Size of a file that an R or Python process writes; default no limit. */
  readonly runtimeFileBytes: number;
  /** Processes and threads of a session, where each has an OS user of its own; default no limit. */
  readonly runtimeProcesses: number;
  /** A call of a service that runs longer is ended; default 10 minutes. */
  readonly serviceCallMs: number;
  /** A service that nobody has called for so long is unloaded; default 15 minutes. */
  readonly serviceUnusedMs: number;
  /** Services that are loaded at a time, beside those with a pool of their own; default 16. */
  readonly maxLoadedServices: number;
  /** Items of a batch that run at a time, whatever the client asks for; default 100. */
  readonly maxBatchParallelCount: number;
  /** Finished batches are forgotten so long after their start; default 30 days, 0 keeps them. */
  readonly batchKeptMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  maxBodyBytes: 256 * 1024 ** 2,
  maxObjectBytes: 1024 ** 3,
  maxFileBytes: Infinity,
  maxConsoleLength: 64 * 1024 ** 2,
  maxHistoryLength: 16 * 1024 ** 2,
  sessionUnusedMs: 0,
  maxEventBufferBytes: 1024 ** 2,
  eventStallMs: 30_000,
  inputPatienceMs: 5_000,
  maxSessions: Infinity,
  maxUserSessions: Infinity,
  maxExecutionMs: Infinity,
  maxUserExecutionMsPerDay: Infinity,
  runtimeMemoryBytes: Infinity,
  runtimeCpuMs: Infinity,
  runtimeFileBytes: Infinity,
  runtimeProcesses: Infinity,
  maxLoginFailures: 10,
  maxAddressLoginFailures: 100,
  loginWindowMs: 900_000,
  serviceCallMs: 600_000,
  serviceUnusedMs: 900_000,
  maxLoadedServices: 16,
  maxBatchParallelCount: 100,
  batchKeptMs: 30 * 24 * 3_600_000,
};

/** Certificate and key in PEM. */
export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string | undefined;
  /** Certificates of the authorities that may sign client certificates; given, these are asked for and checked. */
  readonly clientCa?: string | Buffer | undefined;
}

export interface ServerOptions {
  /** Absolute path; made when it is not there. Holds the database, the signing key and the snapshots. */
  readonly dataDirectory: string;
  /** `postgresql://…` of the database that several servers share; default a SQLite file in the data directory. */
  readonly databaseUrl?: string | undefined;
  /** The caller's: closing the server does not close it. */
  readonly runtimes: RuntimeFactory;
  /** Accounts that the program keeps, in the place of those in the store; by `createSecretVerifier`, for one. */
  readonly accounts?: PasswordVerifier | undefined;
  /** False: nobody logs in with an account of the store; default true. */
  readonly localAccounts?: boolean | undefined;
  /** A directory whose users may log in. */
  readonly ldap?: LdapOptions | undefined;
  /** A provider whose access tokens are taken. */
  readonly openId?: OpenIdOptions | undefined;
  /** Who may do what; default none declared. */
  readonly roles?: RoleAssignments | undefined;
  /** Web pages of these origins may call the server; default none. `*` is every page. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed; default none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Offers `GET /metrics`; default not. */
  readonly metrics?: MetricsOptions | undefined;
  /** Folder of the admin page's files; false: there is no page at `/`; default the one that the build makes. */
  readonly adminPage?: string | false | undefined;
  /** Is told who did what. */
  readonly audit?: AuditSink | undefined;
  /** Of the program, for `GET /status`. */
  readonly version: string;
  readonly logger?: Logger | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Unix milliseconds; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

export interface MetricsOptions {
  /** Addresses or networks from which no token is asked; elsewhere it is an owner's. */
  readonly allowFrom: readonly string[];
}

export interface ListenOptions {
  /** E.g. `127.0.0.1`, or `0.0.0.0` for every address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: ServerTls | undefined;
}
