// What the kernel knows of its two languages before any session exists.
import type { InterpreterInfo } from '../../jupyter/index.js';
import type { LineLexer } from './line-lexer.js';
import { PythonLexer } from './python-lexer.js';
import { RLexer } from './r-lexer.js';

/** `R` or `python`, the exact names that front ends and converters key on. */
export type LanguageName = 'R' | 'python';

/** One language, as static data. */
export interface Language {
  readonly name: LanguageName;
  /** R Server's own word. @see swagger 9.1 `CreateSessionRequest.runtimeType` */
  readonly runtimeType: 'R' | 'Python';
  readonly languageInfo: InterpreterInfo['languageInfo'];
  readonly helpLinks: InterpreterInfo['helpLinks'];
  createLexer(): LineLexer;
  /** Code that does nothing and prints nothing. */
  readonly emptyCode: string;
  /** The `ename` of an interrupted cell, as the language's own kernel has it. */
  readonly interruptName: string;
  /** A cell that is nothing but the wish to leave. */
  readonly exitPattern: RegExp;
  /** Whether a cell shows every visible value, or only its last one. */
  readonly showsEveryValue: boolean;
}

const R: Language = {
  name: 'R',
  runtimeType: 'R',
  languageInfo: {
    name: 'R',
    version: '3.3.0',
    mimetype: 'text/x-r-source',
    file_extension: '.r',
    pygments_lexer: 'r',
    codemirror_mode: 'r',
  },
  helpLinks: [
    { text: 'R manuals', url: 'https://cran.r-project.org/manuals.html' },
    { text: 'R Server REST API', url: 'https://microsoft.github.io/deployr-api-docs/' },
  ],
  createLexer: () => new RLexer(),
  emptyCode: 'invisible(NULL)',
  interruptName: 'Interrupt',
  exitPattern: /^\s*(?:q|quit)\([^()]*\)\s*$/,
  showsEveryValue: true,
};

const PYTHON: Language = {
  name: 'python',
  runtimeType: 'Python',
  languageInfo: {
    name: 'python',
    version: '3.5.0',
    mimetype: 'text/x-python',
    file_extension: '.py',
    pygments_lexer: 'ipython3',
    codemirror_mode: { name: 'ipython', version: 3 },
    nbconvert_exporter: 'python',
  },
  helpLinks: [
    { text: 'Python reference', url: 'https://docs.python.org/3/' },
    { text: 'R Server REST API', url: 'https://microsoft.github.io/deployr-api-docs/' },
  ],
  createLexer: () => new PythonLexer(),
  emptyCode: 'pass',
  interruptName: 'KeyboardInterrupt',
  exitPattern: /^\s*(?:exit|quit)(?:\(\s*\))?\s*$/,
  showsEveryValue: false,
};

/** The language by its name. */
export function languageOf(name: LanguageName): Language {
  return name === 'R' ? R : PYTHON;
}
