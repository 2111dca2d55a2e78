// Positions in text: UTF-16 indexes here, Unicode code points for the agent.

/** The number of code points before a UTF-16 index. */
export function toCodePointIndex(text: string, index: number): number {
  let surrogatePairs = 0;
  for (let at = 0; at < index - 1; at += 1) {
    if (isHighSurrogate(text.charCodeAt(at)) && isLowSurrogate(text.charCodeAt(at + 1))) {
      surrogatePairs += 1;
      at += 1;
    }
  }
  return index - surrogatePairs;
}

/** The UTF-16 index after so many code points; at most the length of the text. */
export function fromCodePointIndex(text: string, codePoints: number): number {
  let index = 0;
  for (let count = 0; count < codePoints && index < text.length; count += 1) {
    const isPair =
      isHighSurrogate(text.charCodeAt(index)) && isLowSurrogate(text.charCodeAt(index + 1));
    index += isPair ? 2 : 1;
  }
  return index;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
