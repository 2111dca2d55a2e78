// input: asks the person at the front end for a line, on the stdin channel.
import type { KernelMessage } from '@jupyterlab/services';
import type { JsonObject } from '../interpreter.js';

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#messages-on-the-stdin-router-dealer-channel */
export function inputRequestContent(
  prompt: string,
  password: boolean,
): KernelMessage.IInputRequestMsg['content'] {
  return { prompt, password };
}

/** The line, or `undefined` when the front end sent an error instead. */
export function readInputReply(content: JsonObject): string | undefined {
  const value = content['value'];
  return typeof value === 'string' ? value : undefined;
}
