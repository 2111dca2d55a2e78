// Runs the checks and every test, and ends with the line `N passed, N failed, N skipped`.
// Arguments go to vitest, e.g. `--project unit`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const REPORT = path.join(ROOT, '.cache', 'test-report.json');

const CHECKS = {
  format: ['prettier/bin/prettier.cjs', '--check', '.'],
  lint: ['eslint/bin/eslint.js', '.'],
  types: ['typescript/bin/tsc', '--noEmit'],
} as const;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

function runNode([program, ...args]: readonly [string, ...string[]]): boolean {
  const file = path.join(ROOT, 'node_modules', program);
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd: ROOT, stdio: 'inherit' });
  return status === 0;
}

function runChecks(): readonly string[] {
  return Object.entries(CHECKS).flatMap(([name, command]) => {
    console.log(`== ${name}`);
    return runNode(command) ? [] : [name];
  });
}

function runTests(): Report | undefined {
  console.log('== tests');
  mkdirSync(path.dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  runNode(['vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)]);
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  } catch {
    return undefined; // vitest itself broke down and has said why
  }
}

/** Test files that broke before their tests could run have none to count: each counts as one failure. */
function brokenFiles(report: Report): readonly string[] {
  return report.testResults
    .filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(isFailed),
    )
    .map(({ name, message }) => `${path.relative(ROOT, name)}\n${message}`);
}

const isFailed = ({ status }: { readonly status: string }): boolean => status === 'failed';

function failuresOf(report: Report): readonly string[] {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(isFailed).map(({ fullName, failureMessages }) => {
      const message = failureMessages?.[0]?.split('\n').slice(0, 12).join('\n  ') ?? '';
      return `${path.relative(ROOT, name)} > ${fullName}\n  ${message}`;
    }),
  );
}

const failedChecks = runChecks();
const report = runTests();
const failures = report === undefined ? ['vitest left no report'] : failuresOf(report);
const broken = report === undefined ? [] : brokenFiles(report);
const isGood =
  report?.success === true && failedChecks.length + failures.length + broken.length === 0;

for (const failure of [...failures, ...broken]) console.log(`\nFAILED ${failure}`);
for (const name of failedChecks) console.log(`\nFAILED check: ${name} (npm run ${name})`);
const passed = report?.numPassedTests ?? 0;
const failed = (report?.numFailedTests ?? 1) + broken.length + failedChecks.length;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = isGood ? 0 : 1;
