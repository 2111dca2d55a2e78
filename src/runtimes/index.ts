export { RUNTIME_ERROR_CODES, RuntimeProcessError, type RuntimeErrorCode } from './errors.js';
export type {
  InputAnswer,
  InputType,
  InputValue,
  NamedValue,
  Runtime,
  RuntimeEvent,
  RuntimeExecution,
  RuntimeExecutionResult,
  RuntimeExit,
  RuntimeType,
  SnapshotWriting,
} from './runtime.js';
export type { RuntimeFactory, RuntimePoolStatus } from './runtime-factory.js';
export type {
  ServiceArtifact,
  ServiceCall,
  ServiceCallResult,
  ServiceImage,
  ServiceRuntime,
  ServiceRuntimeOptions,
} from './service-runtime.js';
export { createServiceRuntime, type ServiceFactoryOptions } from './service-factory.js';
export {
  createRuntimePool,
  type PoolSizes,
  type RuntimePool,
  type RuntimePoolOptions,
} from './pool.js';
export { openIsolation, type Isolation, type IsolationOptions } from './isolation/isolation.js';
export type { ProcessLimits } from './isolation/process-limits.js';
export { createProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.js';
export { pythonLanguage, type PythonLanguageOptions } from './python-language.js';
export { rLanguage, type RLanguageOptions } from './r-language.js';
export type { Language, WorkerCommand } from './language.js';
export { PARTS_SUFFIX, SNAPSHOT_FILES } from './snapshot-layout.js';
