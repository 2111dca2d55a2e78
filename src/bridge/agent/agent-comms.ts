// Comms as the agent knows them: what the bridge asks of it, and the message that travels both ways.
import type { JsonObject } from '../../jupyter/index.js';

/** Code for the comms of a session's objects. */
export interface AgentComms {
  /**
   * Code that hands over a message of the front end and sends one `reply`: `{handled: boolean}`, false when the
   * session knows neither the comm nor the target to be opened.
   *
   * @param requestId - `msg_id` of the front end's message.
   */
  messageCode(message: AgentCommMessage, requestId: string): string;
  /** Code that sends one `reply`: `{comms: {comm_id: target_name}}`, of all that are open. */
  listCode(): string;
}

/** A message of a comm, in either direction. */
export interface AgentCommMessage {
  readonly type: 'comm';
  readonly action: 'open' | 'message' | 'close';
  readonly comm_id: string;
  /** Of `open`, always. */
  readonly target_name?: string;
  /** Of `open`, where the other side loads the target from a module. */
  readonly target_module?: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  /** Binary parts in base64. */
  readonly buffers?: readonly string[];
}

const ACTIONS: readonly unknown[] = ['open', 'message', 'close'];

/** Whether an object that says `"type": "comm"` has all that belongs to it. */
export function isAgentCommMessage(value: JsonObject): boolean {
  const { action, buffers = [] } = value;
  return (
    ACTIONS.includes(action) &&
    typeof value['comm_id'] === 'string' &&
    isText(value['target_name'], action !== 'open') &&
    isText(value['target_module'], true) &&
    isObject(value['data']) &&
    isObject(value['metadata']) &&
    Array.isArray(buffers) &&
    buffers.every((buffer) => typeof buffer === 'string')
  );
}

function isText(value: unknown, isOptional: boolean): boolean {
  return typeof value === 'string' || (isOptional && value === undefined);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
