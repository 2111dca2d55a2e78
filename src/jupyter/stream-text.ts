// Text of one stream that waits for its message, in pieces: strings of hundreds of kilobytes, and the copies that joining
// them makes, cost more time than all else that is done with them.

/** Pieces are joined up to this length. UTF-16 units; V8 gives larger strings fresh memory each. */
const PIECE_LENGTH = 1 << 16;

export class StreamText {
  #pieces: string[] = [];
  #length = 0;

  /** UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  add(text: string): void {
    this.#length += text.length;
    const index = this.#pieces.length - 1;
    const last = this.#pieces[index];
    const isJoined =
      last !== undefined && (last.length + text.length <= PIECE_LENGTH || startsInCharacter(text));
    if (isJoined) this.#pieces[index] = last + text;
    else this.#pieces.push(text);
  }

  /** Takes all of it out. No piece ends within a character. */
  take(): string[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    return pieces;
  }

  /** Takes all whole lines out; the beginning of a line stays. */
  takeLines(): string[] {
    const pieces = this.take();
    const index = pieces.findLastIndex((piece) => piece.includes('\n'));
    const begun = pieces.splice(index + 1);
    const last = pieces[index];
    if (last !== undefined) {
      const end = last.lastIndexOf('\n') + 1;
      pieces[index] = last.slice(0, end);
      if (end < last.length) this.add(last.slice(end));
    }
    for (const piece of begun) this.add(piece);
    return pieces;
  }
}

/** With the second half of a character. */
function startsInCharacter(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
