// Receives what one run of code sends back, by events or by console text, and hands on what is the user's.
import type { Logger } from '../base/index.js';
import {
  parseAgentMessages,
  type AgentDoneMessage,
  type AgentErrorMessage,
  type AgentMessage,
  type AgentWorkspaceMessage,
} from './agent/agent.js';
import type { ConsoleSplitter } from './agent/console-splitter.js';

/** Any message but those which the run itself takes. */
export type OutputMessage = Exclude<
  AgentMessage,
  AgentDoneMessage | AgentErrorMessage | AgentWorkspaceMessage
>;

/** Where a run's outputs go, in order. */
export interface RunSink {
  text(name: 'stdout' | 'stderr', text: string): void;
  message(message: OutputMessage): void;
  /** Pending while those who are to see the outputs are far behind. Absent: they never are. */
  taken?(): Promise<void> | undefined;
}

/**
 * One run. With an agent, text that comes after its `done` is dropped, and text that may be the complaint about a
 * missing agent is held back until the agent has spoken or the run has ended.
 */
export class RunReceiver {
  /** How the run ended, as the agent says. */
  done: AgentDoneMessage | undefined;
  /** The user's error, as the agent says. */
  error: AgentErrorMessage | undefined;
  /** Length of the text that came by events: the beginning of the console text. */
  streamedLength = 0;
  /** The event stream broke: text comes late, by asking for it, and may come after `done`. */
  isStreamBroken = false;
  /** The end of all text, to tell whether an error message has already been shown. */
  lastText = '';
  /** Whether the code runs by the agent, which says when it is done. */
  readonly hasAgent: boolean;
  readonly #sink: RunSink;
  readonly #splitter: ConsoleSplitter | undefined;
  readonly #onWorkspace: ((message: AgentWorkspaceMessage) => void) | undefined;
  readonly #logger: Logger;
  #hasSpoken = false;
  #isSplitting = false;
  #hasText = false;
  #held: { name: 'stdout' | 'stderr'; text: string }[] | undefined;

  constructor(options: {
    readonly sink: RunSink;
    readonly hasAgent: boolean;
    /** For messages of an agent that come in the console text. */
    readonly splitter?: ConsoleSplitter | undefined;
    /** Takes what changed in the workspace. */
    readonly onWorkspace?: (message: AgentWorkspaceMessage) => void;
    readonly logger: Logger;
  }) {
    this.#sink = options.sink;
    this.hasAgent = options.hasAgent;
    this.#splitter = options.splitter;
    this.#onWorkspace = options.onWorkspace;
    this.#logger = options.logger;
  }

  /** Whether the agent has sent anything. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  /** Text of the event stream. */
  takeStream(name: 'stdout' | 'stderr', text: string): void {
    if (this.isStreamBroken) return;
    this.streamedLength += text.length;
    // Another kernel in the same session may have set the agent to the console.
    if (name === 'stdout' && (this.#isSplitting || text.includes(MESSAGE_SEPARATOR))) {
      this.#isSplitting = true;
      this.takeConsole(text);
    } else this.#takeText(name, text);
  }

  /** A `data` frame of the event stream. */
  takeData(data: string): void {
    for (const message of parseAgentMessages(data)) {
      if (message === undefined) {
        this.#logger.warn({ length: data.length }, 'unknown agent message');
      } else this.#takeMessage(message);
    }
  }

  /** Pending while the program should wait with more. */
  taken(): Promise<void> | undefined {
    return this.#sink.taken?.();
  }

  /** New console text. */
  takeConsole(text: string): void {
    if (this.#splitter === undefined) this.#takeText('stdout', text);
    else this.#takeItems(this.#splitter.push(text));
  }

  /** The run has ended: what was held back is handed on. */
  finish(): void {
    if (this.#splitter !== undefined) this.#takeItems(this.#splitter.finish());
    this.release();
  }

  /** Words of ours among the output. */
  takeNote(text: string): void {
    this.#sink.text('stderr', text);
  }

  #takeItems(items: ReturnType<ConsoleSplitter['push']>): void {
    for (const item of items) {
      if (item.type === 'text') this.#takeText('stdout', item.text);
      else if (item.type === 'message') this.#takeMessage(item.message);
      else this.#logger.warn({ length: item.text.length }, 'garbled agent message');
    }
  }

  #takeText(name: 'stdout' | 'stderr', text: string): void {
    if ((this.done !== undefined && !this.isStreamBroken) || text === '') return;
    if (this.hasAgent && !this.#hasSpoken) {
      if (this.#held !== undefined || (!this.#hasText && mayBeComplaint(text))) {
        (this.#held ??= []).push({ name, text });
        return;
      }
    }
    this.#hasText = true;
    this.#handText(name, text);
  }

  #takeMessage(message: AgentMessage): void {
    if (this.done !== undefined) {
      // Of a thread, or of an object that ends: a state that is lost on its way would be wrong for ever.
      if (message.type === 'comm') this.#sink.message(message);
      return;
    }
    this.#hasSpoken = true;
    if (this.#held !== undefined) this.release();
    if (message.type === 'done') this.done = message;
    else if (message.type === 'error') this.error = message;
    else if (message.type === 'workspace') this.#onWorkspace?.(message);
    else if (message.type === 'stream') this.#handText(message.name, message.text);
    else this.#sink.message(message);
  }

  /** Hands on what was held back: the person is asked something, and should see all that was printed before. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { name, text } of held) this.#handText(name, text);
  }

  #handText(name: 'stdout' | 'stderr', text: string): void {
    this.lastText =
      text.length >= LAST_TEXT_LENGTH ? text : (this.lastText + text).slice(-LAST_TEXT_LENGTH);
    this.#sink.text(name, text);
  }
}

const LAST_TEXT_LENGTH = 4096;
/** What every message in console text begins with. */
const MESSAGE_SEPARATOR = '\u001e';

/** R and Python begin like this when they do not know our agent; a user's program may too, then it waits for `done`. */
function mayBeComplaint(text: string): boolean {
  return text.includes('rserver_kernel') || text.startsWith('Traceback (most recent call last)');
}
