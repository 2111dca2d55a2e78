// What a kernel says of itself. Loads nothing else of the bridge: it is needed before that is there.
import type { InterpreterInfo } from '../../jupyter/index.js';
import { languageOf, type LanguageName } from './languages.js';

/** The `kernel_info` of a language. @param version - Of this product. */
export function interpreterInfo(language: LanguageName, version: string): InterpreterInfo {
  const { name, languageInfo, helpLinks } = languageOf(language);
  const title = name === 'R' ? 'R' : 'Python';
  return {
    implementation: 'rserver-kernel',
    implementationVersion: version,
    languageInfo,
    banner: `rserver-kernel ${version}: ${title} in a session of an R Server. %lsmagic lists what the kernel adds.`,
    helpLinks,
    debugger: true,
  };
}
