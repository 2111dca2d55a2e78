// kernel_info: what the kernel is. Answered on shell and control (JEP 80).
import type { KernelMessage } from '@jupyterlab/services';
import type { InterpreterInfo } from '../interpreter.js';
import { PROTOCOL_VERSION } from './header.js';

type KernelInfoReply = Omit<KernelMessage.IInfoReply, 'language_info'> & {
  language_info: object;
};

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-info */
export function kernelInfoReply(info: InterpreterInfo): KernelInfoReply {
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: info.implementation,
    implementation_version: info.implementationVersion,
    language_info: info.languageInfo,
    banner: info.banner,
    help_links: [...info.helpLinks],
    supported_features: [],
  };
}
