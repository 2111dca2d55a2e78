// The variables of a session: asked of it when it is idle, else as they were after the last cell.
import { formatBytes } from '../display/tables.js';
import type { LiveSession } from '../live-session.js';
import type { KnownVariable } from './workspace-knowledge.js';

/** A long list of large variables takes its time to measure. */
const VARIABLES_BOUND_MS = 30_000;

/** @returns `undefined` when nothing is known of them: without the agent, or busy with the very first cell. */
export async function listVariables(
  live: LiveSession,
): Promise<readonly KnownVariable[] | undefined> {
  const reply = await live.query((agent) => agent.variablesCode(), VARIABLES_BOUND_MS);
  const variables = reply?.['variables'];
  if (Array.isArray(variables)) return variables.map(toVariable);
  return live.knowledge.serial === 0 ? undefined : live.knowledge.variables();
}

function toVariable(entry: unknown): KnownVariable {
  const { name, type, size, value } = entry as Record<string, unknown>;
  const text = (item: unknown): string =>
    typeof item === 'string' || typeof item === 'number' ? String(item) : '';
  return {
    name: text(name),
    type: text(type),
    size: typeof size === 'number' ? formatBytes(size) : text(size),
    value: text(value),
  };
}
