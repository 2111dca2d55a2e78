// What a kernel says of itself before its back end is there.
import type { InterpreterInfo } from '../jupyter/index.js';
// Not by the bridge's index.ts, which loads all of the bridge: this must be known while that is still to come.
import { languageOf } from '../bridge/language/languages.js';

/** The `kernel_info` of a language. */
export function kernelInfoOf(language: 'r' | 'python', version: string): InterpreterInfo {
  const { name, languageInfo, helpLinks } = languageOf(language === 'r' ? 'R' : 'python');
  const title = name === 'R' ? 'R' : 'Python';
  return {
    implementation: 'rserver-kernel',
    implementationVersion: version,
    languageInfo,
    helpLinks,
    banner: `rserver-kernel ${version}: ${title} in a session of an R Server. %lsmagic lists what the kernel adds.`,
  };
}
