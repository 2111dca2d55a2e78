// What the project's own scripts need of the command line; programs start at main.ts.
export { CONFIG_ERROR_CODES, ConfigError, type ConfigErrorCode } from './errors.js';
export { OTHER_VARIABLES, SETTINGS, type SettingDefinition } from './settings.js';
