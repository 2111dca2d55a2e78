export {
  AppError,
  isAbortError,
  messageOf,
  type AppErrorOptions,
  type ErrorFacts,
} from './errors.js';
export { silentLogger, type LogFacts, type Logger } from './logger.js';
export { assetPath } from './asset-path.js';
export { delay, raceAbort, withTimeout, type TimeoutOptions } from './abort.js';
export { TaskQueue } from './task-queue.js';
export { createDeferred, settlesWithin, type Deferred } from './deferred.js';
