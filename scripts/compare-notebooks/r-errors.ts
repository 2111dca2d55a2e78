// R's errors: IRkernel names all of them ERROR, puts the call into the value and the frames the other way round. What is
// compared is the message and the calls of the frames.
import { differing, inWords, type Finding } from './findings.js';
import type { ShownError } from './outputs.js';

/** Whether both tell of the same message in the same frames. */
export function compareRErrors(ours: ShownError, theirs: ShownError): readonly Finding[] {
  const isSameMessage = inWords(theirs.evalue).endsWith(inWords(ours.evalue));
  return [
    ...(isSameMessage ? [] : differing('evalue', ours.evalue, theirs.evalue)),
    ...differing(
      'traceback',
      callsOf(ours.traceback, /^\d+: (.*)/)
        .reverse()
        .join('\n'),
      callsOf(theirs.traceback, /^\d+\. (.*)/).join('\n'),
    ),
  ];
}

/** The first line of each frame's call, without the place in the source. */
function callsOf(traceback: string, frame: RegExp): string[] {
  const lines = traceback.split('\n');
  return lines
    .slice(lines.indexOf('Traceback:') + 1 || lines.length)
    .flatMap((line) => frame.exec(line)?.[1] ?? [])
    .map((call) => call.replace(/\s+(at In\[\d+\]#\d+|# at line \d+ of file .*)$/, '').trimEnd());
}
