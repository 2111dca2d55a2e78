export type {
  AskSecret,
  BridgeSettings,
  Configuration,
  Connect,
  Connection,
  SettingEntry,
  SettingOrigin,
} from './configuration.js';
export type { SessionNote, SessionNotes } from './earlier-sessions.js';
export { BRIDGE_ERROR_CODES, BridgeError, type BridgeErrorCode } from './errors.js';
export type { LanguageName } from './language/languages.js';
export { renderMagicsDocument } from './magics/document.js';
export type { Magic } from './magics/magic.js';
export { MAGICS } from './magics/registry.js';
export type { RemoteClient } from './remote-client.js';
export { createRemoteInterpreter, type RemoteInterpreterOptions } from './remote-interpreter.js';
