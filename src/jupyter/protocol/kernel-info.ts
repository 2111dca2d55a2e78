// kernel_info: what the kernel is. Answered on shell and control (JEP 80).
import type { KernelMessage } from '@jupyterlab/services';
import type { InterpreterInfo } from '../interpreter.js';
import { DEBUGGER_FEATURE } from './debug.js';
import { PROTOCOL_VERSION } from './header.js';
import { SUBSHELL_FEATURE } from './subshell.js';

type KernelInfoReply = Omit<KernelMessage.IInfoReply, 'language_info'> & {
  language_info: object;
  /** Deprecated since 5.5, and still what older front ends go by. */
  debugger: boolean;
};

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-info */
export function kernelInfoReply(info: InterpreterInfo): KernelInfoReply {
  const hasDebugger = info.debugger ?? false;
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: info.implementation,
    implementation_version: info.implementationVersion,
    language_info: info.languageInfo,
    banner: info.banner,
    help_links: [...info.helpLinks],
    debugger: hasDebugger,
    supported_features: hasDebugger ? [SUBSHELL_FEATURE, DEBUGGER_FEATURE] : [SUBSHELL_FEATURE],
  };
}
