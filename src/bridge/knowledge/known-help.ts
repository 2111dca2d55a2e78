// Help from knowledge, marked for what it is.
import type { Inspection } from '../../jupyter/index.js';
import { FROM_KNOWLEDGE } from './matches.js';
import type { WorkspaceKnowledge } from './workspace-knowledge.js';

/** The first of the topics of a question about which something is known. @param topics - Empty ones are none. */
export function firstKnown(
  topics: readonly string[],
  inspect: (topic: string) => Inspection | undefined,
): Inspection {
  for (const topic of topics) {
    const found = topic === '' ? undefined : inspect(topic);
    if (found !== undefined) return found;
  }
  return { found: false };
}

/** Help that the session gave before; at detail level 1 also that of level 0 will do. */
export function knownHelp(
  path: string,
  detailLevel: 0 | 1,
  knowledge: WorkspaceKnowledge,
): Inspection | undefined {
  const help = knowledge.help(path, detailLevel) ?? knowledge.help(path, 0);
  if (help === undefined) return undefined;
  const { data, metadata } = help;
  return { found: true, data, metadata: { ...metadata, ...FROM_KNOWLEDGE } };
}

/** What is known, with a line that says of when. */
export function noteOfLastCell(text: string): Inspection {
  return {
    found: true,
    data: { 'text/plain': `${text}\n\n(As of the last cell that ended: the session is busy.)\n` },
    metadata: FROM_KNOWLEDGE,
  };
}
