// What the person ran in this kernel, kept in memory.
import type { HistoryEntry, HistoryRequest } from '../jupyter/index.js';

/** Sessions of the history are numbered; this kernel has only its own. */
const SESSION = 1;

interface Line {
  readonly line: number;
  readonly input: string;
  output: string | null;
}

/** Inputs by their numbers, with the text of their values. */
export class InputHistory {
  readonly #lines: Line[] = [];

  /** @param line - The execution count. */
  add(line: number, input: string): void {
    this.#lines.push({ line, input, output: null });
  }

  /** The text of the value of the last input. */
  setOutput(output: string): void {
    const last = this.#lines.at(-1);
    if (last !== undefined) last.output = output;
  }

  /** The last inputs, oldest first. */
  tail(count: number): readonly { readonly line: number; readonly input: string }[] {
    const lines = count <= 0 ? [] : this.#lines.slice(-count);
    return lines.map(({ line, input }) => ({ line, input }));
  }

  /** @see messaging.html#history */
  answer(request: HistoryRequest): readonly HistoryEntry[] {
    return this.#select(request).map(({ line, input, output }) => [
      SESSION,
      line,
      request.output ? [input, output] : input,
    ]);
  }

  #select(request: HistoryRequest): readonly Line[] {
    switch (request.accessType) {
      case 'tail':
        return request.count <= 0 ? [] : this.#lines.slice(-request.count);
      case 'range': {
        // 0 is the current session; negative numbers count back from it.
        if (request.session !== 0 && request.session !== SESSION) return [];
        const { start, stop } = request;
        return this.#lines.filter(({ line }) => line >= start && line < stop);
      }
      case 'search': {
        const { pattern, count, unique } = request;
        const expression = globExpression(pattern);
        const found = this.#lines.filter(({ input }) => expression.test(input));
        const kept = unique ? lastOfEach(found) : found;
        if (count === undefined) return kept;
        return count <= 0 ? [] : kept.slice(-count);
      }
    }
  }
}

/** `*` any text, `?` one character, as SQLite's GLOB in IPython's history. */
function globExpression(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${source}$`, 'u');
}

function lastOfEach(lines: readonly Line[]): readonly Line[] {
  const byInput = new Map<string, Line>();
  for (const line of lines) {
    byInput.delete(line.input);
    byInput.set(line.input, line);
  }
  return [...byInput.values()];
}
