// Keeps the R that goes into sessions of any server to what R 3.3 has, for R Server 9.1 carries R 3.3.2 and 3.3.3; and the
// R of the embedded server to what R 3.5 has.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = path.resolve(import.meta.dirname, '../../src');

interface Part {
  readonly name: string;
  readonly folders: readonly string[];
  /** Functions that came after R 3.3 and may be called. */
  readonly allowed: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    name: 'the bridge keeps to R 3.3',
    folders: ['bridge/agent/r', 'bridge/transfer/r'],
    allowed: [],
  },
  {
    name: 'the embedded server keeps to R 3.5',
    folders: ['runtimes/r', 'server/realtime/r'],
    allowed: ['allowInterrupts', 'suspendInterrupts'],
  },
];

/** Syntax that R 3.3's parser refuses, each with an example that must be found. */
const NEWER_SYNTAX: readonly (readonly [name: string, pattern: RegExp, example: string])[] = [
  ['native pipe (4.1)', /\|>/, 'x |> f()'],
  ['pipe bind (4.2)', /=>/, 'x => f(x)'],
  ['lambda (4.1)', /\\\s*\(/, '\\(x) x'],
  ['raw string (4.0)', /(?<![\w.])[rR]["']/, 'r"(a)"'],
  ['null default (4.4)', /%\|\|%/, 'a %||% b'],
];

/**
 * Functions which came after R 3.3.3. Base R and its default packages: the exports of R 4.2 that R 3.3.3 lacks, and
 * those that are new in the source of later versions. @see https://cran.r-project.org/doc/manuals/r-release/NEWS.html
 */
const NEWER_FUNCTIONS: readonly string[] = [
  // base
  '...elt',
  '...length',
  '...names',
  '.S3method',
  '.class2',
  '.col',
  '.row',
  '.pretty',
  '.tryResumeInterrupt',
  'La_library',
  'Sys.setLanguage',
  'activeBindingFunction',
  'allowInterrupts',
  'array2DF',
  'asplit',
  'balancePOSIXlt',
  'chooseOpsMethod',
  'conflictRules',
  'deparse1',
  'errorCondition',
  'globalCallingHandlers',
  'gregexec',
  'infoRDS',
  'isFALSE',
  'isa',
  'list2DF',
  'marginSums',
  'mem.maxNSize',
  'mem.maxVSize',
  'mtfrm',
  'nameOfClass',
  'nullfile',
  'numToBits',
  'numToInts',
  'packageNotFoundError',
  'proportions',
  'serverSocket',
  'socketAccept',
  'socketTimeout',
  'sort_by',
  'str2expression',
  'str2lang',
  'suspendInterrupts',
  'tryInvokeRestart',
  'unCfillPOSIXlt',
  'use',
  'warningCondition',
  'withAutoprint',
  // grDevices, graphics, methods, stats
  'cairoSymbolFont',
  'check_screen_device',
  'glyphAnchor',
  'glyphFont',
  'glyphInfo',
  'hcl.colors',
  'hcl.pals',
  'linearGradient',
  'palette.colors',
  'palette.pals',
  'isRematched',
  'DF2formula',
  'Pair',
  'psmirnov',
  'qsmirnov',
  'rsmirnov',
  // tools, utils
  'CRAN_package_db',
  'R_user_dir',
  'checkRdContents',
  'matchConcordance',
  'pkg2HTML',
  'sha256sum',
  'vignetteInfo',
  'asDateBuilt',
  'askYesNo',
  'charClass',
  'clrhash',
  'debugcall',
  'findCRANmirror',
  'gethash',
  'hasName',
  'hashtab',
  'is.hashtab',
  'isS3stdGeneric',
  'maphash',
  'numhash',
  'osVersion',
  'packageDate',
  'remhash',
  'sethash',
  'strcapture',
  'typhash',
  'undebugcall',
  'warnErrList',
];

/** Arguments which older functions got later. */
const NEWER_ARGUMENTS: readonly (readonly [name: string, pattern: RegExp, example: string])[] = [
  ['trimws(whitespace) (3.6)', /\btrimws\([^)]*whitespace/, 'trimws(x, whitespace = "a")'],
  ['paste(recycle0) (4.0.1)', /\brecycle0\b/, 'paste(x, recycle0 = TRUE)'],
  ['Reduce(simplify) (4.1)', /\bReduce\([^)]*simplify/, 'Reduce(f, x, simplify = FALSE)'],
  ['unlink(expand) (4.0)', /\bunlink\([^)]*expand/, 'unlink(x, expand = FALSE)'],
  ['suppressWarnings(classes) (4.0)', /\bclasses\s*=/, 'suppressWarnings(x, classes = "a")'],
  ['capabilities(Xchk) (4.1)', /\bXchk\b/, 'capabilities("png", Xchk = "X11")'],
  ['stopifnot(exprs) (3.5)', /\bstopifnot\([^)]*exprs/, 'stopifnot(exprs = {x})'],
];

const CALL = /([.\w]+)\s*\(/g;

/** Source without strings and comments, so that words in them do not count. */
function codeOf(source: string): string {
  return source.replace(/("(?:\\.|[^"\\\n])*")|('(?:\\.|[^'\\\n])*')|#[^\n]*/g, (found) =>
    found.startsWith('#') ? '' : '""',
  );
}

function callsIn(code: string): string[] {
  return [...code.matchAll(CALL)].map(([, name = '']) => name);
}

function filesOf({ folders }: Part): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(SOURCE, folder))
      .filter((name) => name.endsWith('.R'))
      .map((name) => path.join(folder, name)),
  );
}

test('the files are where this check looks', () => {
  expect(PARTS.flatMap(filesOf)).toEqual(
    expect.arrayContaining([
      'bridge/agent/r/evaluate.R',
      'bridge/transfer/r/columns.R',
      'runtimes/r/worker.R',
      'server/realtime/r/scorer.R',
    ]),
  );
});

test.each([...NEWER_SYNTAX, ...NEWER_ARGUMENTS])(
  'the check itself finds %s',
  (_name, pattern, example) => {
    expect(example).toMatch(pattern);
  },
);

describe.each(PARTS)('the R of $name', (part) => {
  describe.each(filesOf(part))('%s', (file) => {
    const source = readFileSync(path.join(SOURCE, file), 'utf8');
    const code = codeOf(source);

    test('uses no newer syntax or argument', () => {
      const found = [...NEWER_SYNTAX, ...NEWER_ARGUMENTS].filter(([, pattern]) =>
        pattern.test(code),
      );

      expect(found.map(([name]) => name)).toEqual([]);
    });

    test('calls no newer function', () => {
      const newer = NEWER_FUNCTIONS.filter((name) => !part.allowed.includes(name));

      expect(callsIn(code).filter((name) => newer.includes(name))).toEqual([]);
    });

    test('is ASCII, with every string on one line', () => {
      // eslint-disable-next-line no-control-regex -- all of ASCII is meant
      expect(source).toMatch(/^[\x00-\x7f]*$/);
      expect(
        code.split('\n').filter((line) => /["'][^"']*$/.test(line.replaceAll('""', ''))),
      ).toEqual([]);
    });
  });
});
