// %%r and %%python: cells of one notebook in either language.
import { languageOf, type LanguageName } from '../language/languages.js';
import { BridgeError } from '../errors.js';
import type { Magic } from './magic.js';

export const rMagic = languageMagic('r', 'R');
export const pythonMagic = languageMagic('python', 'python');

/** The languages of the cells by the names of their magics. */
export const LANGUAGE_OF_CELL: ReadonlyMap<string, LanguageName> = new Map([
  [rMagic.name, 'R'],
  [pythonMagic.name, 'python'],
]);

function languageMagic(name: string, languageName: LanguageName): Magic {
  const { runtimeType } = languageOf(languageName);
  return {
    name,
    summary: `Runs a cell in ${runtimeType}, in a session of its own on the same server.`,
    usages: [{ call: '', form: 'cell', help: `Runs the code below in ${runtimeType}.` }],
    options: [],
    runsCode: true,
    examples: [
      languageName === 'R'
        ? '%%r\nsummary(lm(mpg ~ wt, mtcars))'
        : '%%python\nimport sys\nsys.version',
    ],
    details:
      "The session is opened by the first such cell and closed with the kernel. Where it is the kernel's own language, the cell runs in the notebook's own session. `%share` copies variables between the two.",
    run({ argument, body }, { language, runCode, runInCompanion }) {
      if (argument !== '') {
        throw new BridgeError('BRIDGE_MAGIC_USAGE', `%%${name} wants code below its line.`);
      }
      return language.name === languageName ? runCode(body) : runInCompanion(body);
    },
  };
}
