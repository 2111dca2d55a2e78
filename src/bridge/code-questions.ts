// Questions about code that is not run: completion, inspection, completeness. An idle session answers them; while
// it is busy they are answered at once from what it told with the last cell.
import type {
  Completeness,
  Completions,
  Inspection,
  JsonObject,
  MimeBundle,
} from '../jupyter/index.js';
import { judgeCompleteness } from './is-complete.js';
import { completePython, inspectPython } from './knowledge/python-answers.js';
import { completeR, inspectR } from './knowledge/r-answers.js';
import type { WorkspaceKnowledge } from './knowledge/workspace-knowledge.js';
import { readPythonTopic } from './language/python-cursor.js';
import { readRTopic } from './language/r-cursor.js';
import type { Language } from './language/languages.js';
import type { LiveSession } from './live-session.js';
import type { RemoteSession } from './remote-session.js';
import { fromCodePointIndex, toCodePointIndex } from './text-positions.js';

/** Front ends give up on completion after about a second, and on `is_complete` for good after one late answer. */
const COMPLETE_BOUND_MS = 1000;
const INSPECT_BOUND_MS = 2000;
const IS_COMPLETE_BOUND_MS = 300;
/** How long the first completion or inspection waits for a session that is being opened. */
const OPENING_BOUND_MS = 5000;

/** The answers of one kernel. All positions are UTF-16 indexes. */
export class CodeQuestions {
  readonly #session: RemoteSession;
  readonly #language: Language;

  constructor(session: RemoteSession, language: Language) {
    this.#session = session;
    this.#language = language;
  }

  /** @returns `undefined` when neither the session nor what is known of it has an answer. */
  async complete(code: string, cursor: number): Promise<Completions | undefined> {
    const live = await this.#session.soon(OPENING_BOUND_MS);
    const position = toCodePointIndex(code, cursor);
    const reply = await live?.query(
      (agent) => agent.completeCode(code, position),
      COMPLETE_BOUND_MS,
    );
    if (reply !== undefined) return completionsOf(reply, code, cursor);
    const knowledge = knowledgeOf(live);
    if (knowledge === undefined) return undefined;
    const complete = this.#language.name === 'R' ? completeR : completePython;
    return complete(code, cursor, knowledge);
  }

  async inspect(code: string, cursor: number, detailLevel: 0 | 1): Promise<Inspection> {
    const live = await this.#session.soon(OPENING_BOUND_MS);
    const position = toCodePointIndex(code, cursor);
    const reply = await live?.query(
      (agent) => agent.inspectCode(code, position, detailLevel),
      INSPECT_BOUND_MS,
    );
    if (reply !== undefined) {
      const inspection = inspectionOf(reply);
      if (live !== undefined) this.#keepHelp(inspection, code, cursor, detailLevel, live);
      return inspection;
    }
    const knowledge = knowledgeOf(live);
    if (knowledge === undefined) return { found: false };
    const inspect = this.#language.name === 'R' ? inspectR : inspectPython;
    return inspect(code, cursor, detailLevel, knowledge);
  }

  /** Whether code could be run; how far to indent its next line is judged here, whoever says that it goes on. */
  async isComplete(code: string, isMagic: (name: string) => boolean): Promise<Completeness> {
    const { completeness, isSure, indent } = judgeCompleteness(code, this.#language, isMagic);
    if (isSure) return completeness;
    const reply = await this.#session.live?.query(
      (agent) => agent.isCompleteCode(code),
      IS_COMPLETE_BOUND_MS,
    );
    switch (reply?.['status']) {
      case 'complete':
      case 'invalid':
        return { status: reply['status'] };
      case 'incomplete':
        return { status: 'incomplete', indent };
      default:
        return completeness;
    }
  }

  #keepHelp(
    inspection: Inspection,
    code: string,
    cursor: number,
    detailLevel: 0 | 1,
    { knowledge }: LiveSession,
  ): void {
    const readTopic = this.#language.name === 'R' ? readRTopic : readPythonTopic;
    const { name, call } = readTopic(code, cursor);
    if (inspection.found) {
      const path = name === '' ? call : name;
      if (path !== '') knowledge.keepHelp(path, detailLevel, inspection);
    }
  }
}

/** Nothing is known before the first cell. */
function knowledgeOf(live: LiveSession | undefined): WorkspaceKnowledge | undefined {
  return live === undefined || live.knowledge.serial === 0 ? undefined : live.knowledge;
}

/** The agent counts in code points. */
function completionsOf(reply: JsonObject, code: string, cursor: number): Completions | undefined {
  if (!Array.isArray(reply['matches'])) return undefined;
  const { cursor_start, cursor_end, metadata } = reply;
  const indexOf = (position: unknown): number =>
    typeof position === 'number' ? fromCodePointIndex(code, position) : cursor;
  const place = { start: indexOf(cursor_start), end: indexOf(cursor_end) };
  return {
    matches: reply['matches'].filter((match) => typeof match === 'string'),
    ...place,
    ...(isObject(metadata) && { metadata: typesAt(metadata, place) }),
  };
}

const TYPES = '_jupyter_types_experimental';

function typesAt(
  metadata: JsonObject,
  place: { readonly start: number; readonly end: number },
): JsonObject {
  const types = metadata[TYPES];
  if (!Array.isArray(types)) return metadata;
  return { ...metadata, [TYPES]: types.filter(isObject).map((type) => ({ ...type, ...place })) };
}

function inspectionOf(reply: JsonObject): Inspection {
  if (reply['found'] !== true) return { found: false };
  return {
    found: true,
    data: (reply['data'] ?? {}) as MimeBundle,
    metadata: (reply['metadata'] ?? {}) as JsonObject,
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
