// What the bridge may know of the configuration. Where values come from is the command line's business (`cli/`).
import type { RemoteClient } from './remote-client.js';

/** Where a setting's value came from; the order is the order of precedence. */
export type SettingOrigin = 'flag' | 'environment' | 'notebook' | 'profile' | 'default' | 'cell';

/** The settings of the bridge, resolved. Secrets are not among them. */
export interface BridgeSettings {
  /** Base URL of the R Server; `undefined` means the embedded server. */
  readonly url: string | undefined;
  readonly username: string | undefined;
  /** Name of the profile in force, if any. */
  readonly profile: string | undefined;
  /** `rich`: results by the agent. `plain`: raw code is sent as it is and only text comes back. */
  readonly display: 'rich' | 'plain';
  /** `off` behaves as against a genuine server, whatever the server offers. */
  readonly extensions: 'auto' | 'off';
  /** What a restart of the kernel does with the session: a clean one, or keep it. Default `clean`. */
  readonly restart: 'clean' | 'keep';
  /** Whether the session is closed when the kernel ends. Default `close`. */
  readonly onExit: 'close' | 'keep';
  /** Longest time one execution may take; 0 means no limit. Milliseconds. */
  readonly executeTimeoutMs: number;
  /** How long to wait for the remote side after an interrupt before saying that it did not stop. Milliseconds, default 2000. */
  readonly interruptTimeoutMs: number;
  /** Most text a cell shows where somebody sits at the front end, and most of each rich output; 0 means no limit. */
  readonly outputLimitBytes: number;
  /** Whether a line tells what a slow cell waits for. */
  readonly progress: 'auto' | 'off';
}

/** One line of `%config`. */
export interface SettingEntry {
  /** As in the profile file, e.g. `execute_timeout_ms`. */
  readonly key: string;
  /** Printable; secrets are shown as `********` when set. */
  readonly value: string;
  readonly origin: SettingOrigin;
  /** E.g. `RSERVER_URL` or the file's path. */
  readonly source?: string;
  readonly help: string;
}

/** The configuration as the magics see it. */
export interface Configuration {
  readonly settings: BridgeSettings;
  entries(): readonly SettingEntry[];
  /** Profile names in the file. */
  profiles(): readonly string[];
  /**
   * The configuration with some keys set from a cell (`%config key=value`).
   * @throws {ConfigError} `CONFIG_VALUE` for an unknown key or a bad value.
   */
  with(values: Readonly<Record<string, string>>): Configuration;
  /** Another profile (`%connect NAME`). @throws {ConfigError} `CONFIG_PROFILE`. */
  withProfile(name: string): Configuration;
}

/** A way to ask the person for a secret; rejects where the front end allows no input. */
export type AskSecret = (prompt: string) => Promise<string>;

/** A client that is logged in, and what stands behind it. */
export interface Connection {
  /** `RServerClient` fits. */
  readonly client: RemoteClient;
  readonly kind: 'configured' | 'embedded';
}

/**
 * Makes a connection for a configuration: builds the client, starts the embedded server where no URL is set, logs in.
 * @throws {ClientError} `CLIENT_UNREACHABLE`, `CLIENT_AUTH`, ... @throws {ConfigError} when settings do not fit together.
 */
export type Connect = (
  configuration: Configuration,
  askSecret: AskSecret,
  signal: AbortSignal,
) => Promise<Connection>;
