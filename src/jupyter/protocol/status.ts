// status: what the kernel is doing, on IOPub.
import type { KernelMessage } from '@jupyterlab/services';

/** The states a kernel itself reports; the others belong to the front end. */
export type KernelState = Extract<KernelMessage.Status, 'starting' | 'busy' | 'idle'>;

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-status */
export function statusContent(state: KernelState): KernelMessage.IStatusMsg['content'] {
  return { execution_state: state };
}
