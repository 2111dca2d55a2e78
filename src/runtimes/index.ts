export { RUNTIME_ERROR_CODES, RuntimeProcessError, type RuntimeErrorCode } from './errors.js';
export type {
  NamedValue,
  Runtime,
  RuntimeEvent,
  RuntimeExecution,
  RuntimeExecutionResult,
  RuntimeExit,
  RuntimeFactory,
  RuntimePoolStatus,
  RuntimeType,
} from './runtime.js';
export {
  createRuntimePool,
  type PoolSizes,
  type RuntimePool,
  type RuntimePoolOptions,
} from './pool.js';
export { createProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.js';
export { pythonLanguage, type PythonLanguageOptions } from './python-language.js';
export { rLanguage, type RLanguageOptions } from './r-language.js';
export type { Language, WorkerCommand } from './language.js';
