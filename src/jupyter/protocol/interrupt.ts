// interrupt: stops the running cell, by message (kernelspec `interrupt_mode: message`).
import type { KernelMessage } from '@jupyterlab/services';

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-interrupt */
export function interruptReply(): KernelMessage.IInterruptReply {
  return { status: 'ok' };
}
