// Failures as the result of a cell: ours in plain words with what to try, the user's as the language says it.
import type { AppError } from '../../base/index.js';
import type { ExecuteError } from '../../jupyter/index.js';
import type { AgentErrorMessage } from '../agent/agent.js';
import type { Language } from '../language/languages.js';

/** A failed cell. */
export type FailedResult = { readonly status: 'error' } & ExecuteError;

/** One of our errors: its code, one line that says what happened, one that says what to try. */
export function failureOf(error: AppError): FailedResult {
  const lines = [`${error.code}: ${error.message}`];
  if (error.hint !== undefined) lines.push(`What to try: ${error.hint}`);
  return { status: 'error', ename: error.code, evalue: error.message, traceback: lines };
}

/** An interrupted cell, named as the language's own kernel names it. */
export function interruptedResult(language: Language): FailedResult {
  const message = 'The cell was interrupted.';
  return {
    status: 'error',
    ename: language.interruptName,
    evalue: message,
    traceback: [`${language.interruptName}: ${message}`],
  };
}

/** What a server adds to the language's own words when they tell of too little memory. */
const SERVER_LIMIT = /\n(The server allows a session \d+ MB of memory\.)\s*$/;

/**
 * The user's error as the agent tells it, with the limit of the server that was behind it.
 *
 * @param errorMessage - The server's words for the same failure.
 */
export function agentFailure(
  { ename, evalue, traceback }: AgentErrorMessage,
  errorMessage: string,
): FailedResult {
  const { limit } = splitLimit(errorMessage);
  return { status: 'error', ename, evalue, traceback: [...traceback, ...limit] };
}

/**
 * The user's error when only the server's words for it are known.
 *
 * @param lastText - The end of what was shown: when it already holds the error, it is not repeated in full.
 */
export function plainFailure(
  errorMessage: string,
  lastText: string,
  language: Language,
): FailedResult {
  const { message, limit } = splitLimit(errorMessage);
  const { ename, evalue } = language.name === 'R' ? readRError(message) : readPythonError(message);
  const isShown = message !== '' && lastText.trimEnd().endsWith(message);
  const traceback = isShown ? [`${ename}: ${evalue}`] : message.split('\n');
  return { status: 'error', ename, evalue, traceback: [...traceback, ...limit] };
}

function splitLimit(errorMessage: string): {
  readonly message: string;
  readonly limit: readonly string[];
} {
  const text = errorMessage.replaceAll('\r\n', '\n').trim();
  const limit = SERVER_LIMIT.exec(text)?.[1];
  if (limit === undefined) return { message: text, limit: [] };
  return { message: text.slice(0, -limit.length).trim(), limit: [limit] };
}

/** `Error in f(x) : text` and `Error: text`. */
function readRError(message: string): { ename: string; evalue: string } {
  const match = /^Error(?: in [\s\S]*? :(?=\s)|:)\s*([\s\S]*)$/.exec(message);
  return { ename: 'Error', evalue: (match?.[1] ?? message).trim() || 'The code failed.' };
}

/** The last line of a traceback, `NameError: text`. */
function readPythonError(message: string): { ename: string; evalue: string } {
  const last = message.split('\n').at(-1) ?? '';
  const match = /^([A-Za-z_][\w.]*)(?:: ?(.*))?$/.exec(last);
  const name = match?.[1]?.split('.').at(-1);
  if (name === undefined || !/(?:Error|Exception|Interrupt|Exit|Warning|Iteration)$/.test(name)) {
    return { ename: 'Error', evalue: message || 'The code failed.' };
  }
  return { ename: name, evalue: match?.[2] ?? '' };
}
