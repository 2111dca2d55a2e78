// The Jupyter side: a kernel for any language. Knows nothing of R Server.
export { InputUnavailableError, JUPYTER_ERROR_CODES, JupyterError, WireError } from './errors.js';
export type { JupyterErrorCode } from './errors.js';
export type * from './interpreter.js';
export { Kernel, type KernelOptions } from './kernel.js';
export type { BoundPorts } from './protocol/connect.js';
export { watchParent, type ParentWatchOptions } from './parent-watch.js';
export {
  parseConnectionInfo,
  readConnectionFile,
  type ConnectionInfo,
} from './transport/connection-file.js';
export {
  readStartFile,
  register,
  type RegistrationInfo,
  type StartInfo,
} from './transport/registration.js';
export type { RequestChannel, Transport, TransportListener } from './transport/transport.js';
export { createZeromqTransport } from './transport/zeromq.js';
