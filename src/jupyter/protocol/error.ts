// error: a failed cell on IOPub, and the reply to any request that failed.
import type { KernelMessage } from '@jupyterlab/services';
import { AppError, isAbortError, messageOf } from '../../base/index.js';
import type { ExecuteError } from '../interpreter.js';

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#execution-errors */
export function errorContent(error: ExecuteError): KernelMessage.IErrorMsg['content'] {
  return { ename: error.ename, evalue: error.evalue, traceback: [...error.traceback] };
}

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#request-reply */
export function errorReply(error: ExecuteError): KernelMessage.IReplyErrorContent {
  return { status: 'error', ...errorContent(error) };
}

/** What a front end shows of something that was thrown: plain words, no stack of ours. */
export function describeThrown(error: unknown): ExecuteError {
  if (isAbortError(error)) {
    const evalue = 'The cell was interrupted.';
    return { ename: 'KeyboardInterrupt', evalue, traceback: [`KeyboardInterrupt: ${evalue}`] };
  }
  const ename = error instanceof Error ? error.name : 'Error';
  const evalue = messageOf(error);
  if (!(error instanceof AppError)) return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
  const traceback = [`${ename} [${error.code}]: ${evalue}`];
  if (error.hint !== undefined) traceback.push(error.hint);
  return { ename, evalue, traceback };
}
