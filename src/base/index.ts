export { AppError, isAbortError, messageOf, type AppErrorOptions, type ErrorFacts } from './errors.js';
export { silentLogger, type LogFacts, type Logger } from './logger.js';
export { assetPath } from './asset-path.js';
