// What the bridge knows of an agent, whatever its language: the code that calls it and the messages it sends.
// Splitting those messages out of console text is in `console-splitter.ts`.
import type { JsonObject, MimeBundle, UserExpressionResult } from '../../jupyter/index.js';
import { isAgentCommMessage, type AgentComms, type AgentCommMessage } from './agent-comms.js';

/** How the agent's messages reach the bridge. */
export interface AgentOptions {
  /** `events`: by the runtime's emit hook. `console`: marked in the console text, for a genuine server. */
  readonly channel: 'events' | 'console';
  /** Lower-case hex digits, made anew for every session; marks the agent's messages in console text. */
  readonly nonce: string;
}

/** What one run of a cell is told besides its source. */
export interface AgentRunOptions {
  /** Shows no value and no plot. */
  readonly silent: boolean;
  readonly storeHistory: boolean;
  /** Names the cell in tracebacks. */
  readonly executionCount: number;
  /** Evaluated after the code, when it succeeded; name to expression. */
  readonly userExpressions: Readonly<Record<string, string>>;
  /** `msg_id` of the front end's request, by which widgets name its outputs. */
  readonly requestId?: string | undefined;
  /**
   * The `serial` of the last `workspace` message, 0 before the first. When it is another than the agent's own the agent
   * tells everything before it runs the cell. Absent: it tells nothing.
   */
  readonly known?: number | undefined;
}

/**
 * Writes the code which the bridge sends through plain `execute`. Every method is pure: text in, code out.
 * Cursors are counted in Unicode code points.
 */
export interface Agent {
  /** Code that installs the agent and configures it; harmless when it is already there. */
  installCode(options: AgentOptions): string;
  /** Code that only configures an agent which is there. */
  configureCode(options: AgentOptions): string;
  /** Code that runs a cell; sends any messages and, last, one `done`. */
  runCode(source: string, options: AgentRunOptions): string;
  /** Code that sends one `reply` with the fields of `complete_reply`. */
  completeCode(code: string, cursor: number): string;
  /** Code that sends one `reply` with the fields of `inspect_reply`. */
  inspectCode(code: string, cursor: number, detailLevel: 0 | 1): string;
  /** Code that sends one `reply` with the fields of `is_complete_reply`. */
  isCompleteCode(code: string): string;
  /** Code that sends one `reply`: `{variables: [{name, type, size, value}]}`. */
  variablesCode(): string;
  /**
   * Code that sends the same of what a variable holds.
   *
   * @param path - The name of the variable, then names of members or positions.
   */
  childrenCode(path: readonly string[]): string;
  /**
   * Code that sends one `reply`: `{types: {name: {type, class}}}`, the types of variables as a web service has them.
   * Names that are no variables are left out; a type is empty where a service cannot have it.
   */
  typesCode(names: readonly string[]): string;
  /** Absent where the language has no comms. */
  readonly comms?: AgentComms;
  /**
   * Whether an execution failed because the session has no agent (a new session, a restored snapshot).
   * Only to be asked of a call that sent no message.
   *
   * @param errorMessage - `errorMessage` of the execute answer.
   */
  isMissing(errorMessage: string): boolean;
}

/** A rich representation; with `update`, the earlier one of that `display_id` changes. */
export interface AgentDisplayMessage {
  readonly type: 'display';
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
  readonly display_id?: string;
  readonly update?: boolean;
}

/** The value of the cell's last expression. */
export interface AgentResultMessage {
  readonly type: 'result';
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
}

/** Text of a stream; on the console channel only, to tell stderr apart. */
export interface AgentStreamMessage {
  readonly type: 'stream';
  readonly name: 'stdout' | 'stderr';
  readonly text: string;
}

export interface AgentClearMessage {
  readonly type: 'clear';
  /** Clear only when the next output arrives. */
  readonly wait: boolean;
}

/** The user's code failed. */
export interface AgentErrorMessage {
  readonly type: 'error';
  readonly ename: string;
  readonly evalue: string;
  /** The user's own frames only; ANSI colours allowed. */
  readonly traceback: readonly string[];
}

/** Exactly one, last, per run. Console text after it is not the user's. */
export interface AgentDoneMessage {
  readonly type: 'done';
  readonly status: 'ok' | 'error';
  readonly user_expressions: Readonly<Record<string, UserExpressionResult>>;
  readonly payload: readonly JsonObject[];
}

/** A variable of the workspace, for answers about it while the session is busy. */
export interface AgentObject {
  readonly name: string;
  readonly type: string;
  /** Length or dimensions; empty for what has none. */
  readonly size: string;
  /** One line. */
  readonly value: string;
  /** `function`, `class`, `module`, `dataframe`, `instance`. */
  readonly kind: string;
  /** Of a function: its arguments in parentheses. */
  readonly signature?: string;
  /** What it holds by name: columns, elements, fields, keys. */
  readonly members?: readonly string[];
  /** Of each member: the class of a column, else a kind. */
  readonly types?: readonly string[];
  /** How members are reached: `$`, `@`, `[` or `.`. */
  readonly access?: string;
  /** The space that holds the names of its class or module. */
  readonly space?: string;
}

/** What changed in the workspace. Only differences travel, `full` apart. */
export interface AgentWorkspaceMessage {
  readonly type: 'workspace';
  /** Of the state after this message. */
  readonly serial: number;
  /** Everything told before is void. */
  readonly full?: boolean;
  /** New or changed variables. */
  readonly objects?: readonly AgentObject[];
  readonly gone?: readonly string[];
  /** Spaces whose names stand for themselves, the first ones first. */
  readonly search?: readonly string[];
  /** Names in packages, modules and classes; with `name:kind` where the kind is known. */
  readonly spaces?: Readonly<Record<string, readonly string[]>>;
  /** Arguments, in parentheses, of functions which the code called. */
  readonly functions?: Readonly<Record<string, string>>;
  /** In the working directory. */
  readonly files?: readonly string[];
}

/** The answer of complete, inspect, is_complete or variables. */
export interface AgentReplyMessage {
  readonly type: 'reply';
  readonly content: JsonObject;
}

/** Everything an agent may send. */
export type AgentMessage =
  | AgentDisplayMessage
  | AgentResultMessage
  | AgentStreamMessage
  | AgentClearMessage
  | AgentErrorMessage
  | AgentDoneMessage
  | AgentReplyMessage
  | AgentCommMessage
  | AgentWorkspaceMessage;

/**
 * Reads one agent message and checks its shape.
 *
 * @param text - The JSON text.
 * @returns `undefined` when it is no JSON, of an unknown type, or lacks a field: then it is not from our agent.
 */
export function parseAgentMessage(text: string): AgentMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isAgentMessage(message) ? message : undefined;
}

/**
 * Reads what came in one piece by the events channel: messages, one to a line.
 *
 * @returns `undefined` in the place of each line that {@link parseAgentMessage} does not take.
 */
export function parseAgentMessages(data: string): (AgentMessage | undefined)[] {
  return data.split('\n').map(parseAgentMessage);
}

function isAgentMessage(value: unknown): value is AgentMessage {
  if (!isObject(value)) return false;
  switch (value['type']) {
    case 'display':
      return (
        isObject(value['data']) &&
        isObject(value['metadata']) &&
        isOptional(value['display_id'], 'string') &&
        isOptional(value['update'], 'boolean')
      );
    case 'result':
      return isObject(value['data']) && isObject(value['metadata']);
    case 'stream':
      return (
        (value['name'] === 'stdout' || value['name'] === 'stderr') &&
        typeof value['text'] === 'string'
      );
    case 'clear':
      return typeof value['wait'] === 'boolean';
    case 'error':
      return isErrorContent(value);
    case 'done':
      return (
        (value['status'] === 'ok' || value['status'] === 'error') &&
        isObject(value['user_expressions']) &&
        Object.values(value['user_expressions']).every(isUserExpressionResult) &&
        Array.isArray(value['payload']) &&
        value['payload'].every(isObject)
      );
    case 'reply':
      return isObject(value['content']);
    case 'comm':
      return isAgentCommMessage(value);
    case 'workspace':
      return isWorkspaceMessage(value);
    default:
      return false;
  }
}

function isWorkspaceMessage(value: JsonObject): boolean {
  const {
    serial,
    objects = [],
    gone = [],
    search = [],
    spaces = {},
    functions = {},
    files = [],
  } = value;
  return (
    typeof serial === 'number' &&
    Array.isArray(objects) &&
    objects.every((item) => isObject(item) && typeof item['name'] === 'string') &&
    [gone, search, files].every(isStrings) &&
    isObject(spaces) &&
    Object.values(spaces).every(isStrings) &&
    isObject(functions) &&
    isStrings(Object.values(functions))
  );
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isUserExpressionResult(value: unknown): boolean {
  if (!isObject(value)) return false;
  return value['status'] === 'ok'
    ? isObject(value['data']) && isObject(value['metadata'])
    : value['status'] === 'error' && isErrorContent(value);
}

function isErrorContent(value: JsonObject): boolean {
  return (
    typeof value['ename'] === 'string' &&
    typeof value['evalue'] === 'string' &&
    Array.isArray(value['traceback']) &&
    value['traceback'].every((line) => typeof line === 'string')
  );
}

function isOptional(value: unknown, type: 'string' | 'boolean'): boolean {
  return value === undefined || typeof value === type;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
