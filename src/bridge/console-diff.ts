// Finds what is new in console text that the server always hands out as a whole.

/**
 * Turns a series of whole texts into the pieces that are new, each handed out once.
 *
 * A server says "console output of the current or last execution": before ours has begun, that is the text of the one
 * before, which must not be shown again. The end of a text may be unfinished (half a character, half a line end) and
 * is held back until more comes.
 */
export class ConsoleDiff {
  #previous: string | undefined;
  /** Whole text handed out so far, as the server has it; not known before the first text when some was shown elsewhere. */
  #seen: string | undefined;
  readonly #shownLength: number;
  /** The texts do not continue each other: nothing more is handed out until the last one. */
  #isBroken = false;

  /**
   * @param previous - The whole text of the execution before, empty when there was none; `undefined` when it is not
   *   known: then the first text read may be it, and is shown when it changes or at the end.
   * @param shownLength - How much of the text has already been shown by another way (an event stream that broke).
   */
  constructor(previous: string | undefined, shownLength = 0) {
    this.#previous = previous;
    this.#shownLength = shownLength;
    this.#seen = shownLength === 0 ? '' : undefined;
  }

  /** What is new in a text read while the execution runs; empty when nothing is. */
  next(text: string): string {
    this.#previous ??= this.#shownLength === 0 ? text : '';
    if (this.#isBroken || (this.#seen === '' && text === this.#previous)) return '';
    const end = text.length - unfinishedLength(text);
    if (end <= (this.#seen?.length ?? this.#shownLength)) return '';
    this.#seen ??= text.slice(0, this.#shownLength);
    if (!text.startsWith(this.#seen)) {
      this.#isBroken = true;
      return '';
    }
    const piece = text.slice(this.#seen.length, end);
    this.#seen = text.slice(0, end);
    return toUnixLineEnds(piece);
  }

  /** What is still to be shown of the final text. Where it does not continue what was shown, from the last line both have. */
  finish(text: string): string {
    this.#seen ??= text.slice(0, this.#shownLength);
    if (text.startsWith(this.#seen)) return toUnixLineEnds(text.slice(this.#seen.length));
    const shared = sharedLines(this.#seen, text);
    if (shared > 0) return toUnixLineEnds(text.slice(shared));
    return toUnixLineEnds(text.slice(overlap(this.#seen, text)));
  }
}

/** Length of the end that may still change: a carriage return, a replaced or halved character. */
function unfinishedLength(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  const isHalf = last === 0x0d || last === 0xfffd || (last >= 0xd800 && last <= 0xdbff);
  if (!isHalf) return 0;
  let length = 1;
  while (length < text.length && text.charCodeAt(text.length - 1 - length) === 0xfffd) length += 1;
  return length;
}

function toUnixLineEnds(text: string): string {
  return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
}

/** Length of the whole lines with which both texts begin. */
function sharedLines(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return one.lastIndexOf('\n', at - 1) + 1;
}

/** Length of the longest beginning of `next`, in whole lines, with which `shown` ends: a server that keeps the last part only. */
function overlap(shown: string, next: string): number {
  for (let end = next.length; end > 0; end = next.lastIndexOf('\n', end - 2) + 1) {
    const start = shown.length - end;
    const isLineStart = start === 0 || shown[start - 1] === '\n';
    if (isLineStart && shown.endsWith(next.slice(0, end))) return end;
    if (end < 2) break;
  }
  return 0;
}
