// What a server is made from, and its limits.
import type { Logger } from '../base/index.js';
import type { RuntimeFactory } from '../runtimes/index.js';
import type { PasswordVerifier } from './auth/passwords.js';

/** Bounds of a server. Lengths of text are in UTF-16 code units. */
export interface ServerLimits {
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
  /** Made by `createAccountVerifier` or `createSecretVerifier`. */
  readonly accounts: PasswordVerifier;
  /** Of the program, for `GET /status`. */
  readonly version: string;
  readonly logger?: Logger | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Unix milliseconds; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

export interface ListenOptions {
  /** E.g. `127.0.0.1`, or `0.0.0.0` for every address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: ServerTls | undefined;
}
