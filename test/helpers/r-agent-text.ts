// The R agent's messages reduced to what R's own console would show, for tests that are not about rich forms.
import type { AgentMessage } from '../../src/bridge/agent/agent.js';
import { RAgentHost, type Outcome } from './r-agent-host.js';

/** An agent whose values are seen as text only: earlier ones printed, the last one as a result. */
export class RAgentTextHost extends RAgentHost {
  override async execute(code: string, onText?: (text: string) => void): Promise<Outcome> {
    const outcome = await super.execute(code, onText);
    return { ...outcome, messages: inText(outcome.messages) };
  }
}

/** Values in all four forms become text; pictures, pages and what code shows by itself stay as they are. */
export function inText(messages: readonly AgentMessage[]): AgentMessage[] {
  const seen: AgentMessage[] = [];
  for (const message of messages.map(textOf)) {
    const last = seen.at(-1);
    if (message.type === 'stream' && last?.type === 'stream' && last.name === message.name) {
      seen[seen.length - 1] = { ...last, text: last.text + message.text };
    } else {
      seen.push(message);
    }
  }
  return seen;
}

function textOf(message: AgentMessage): AgentMessage {
  if (message.type === 'done') {
    const values = Object.entries(message.user_expressions).map(([name, value]) => {
      const text = value.status === 'ok' ? valueText(value.data) : undefined;
      return [name, text === undefined ? value : { ...value, data: { 'text/plain': text } }];
    });
    return { ...message, user_expressions: Object.fromEntries(values) as never };
  }
  if (message.type !== 'display' && message.type !== 'result') return message;
  const text = valueText(message.data);
  if (text === undefined || 'display_id' in message) return message;
  if (message.type === 'result') return { ...message, data: { 'text/plain': text } };
  return { type: 'stream', name: 'stdout', text: `${text}\n` };
}

function valueText(data: Readonly<Record<string, unknown>>): string | undefined {
  const text = data['text/plain'];
  const forms = Object.keys(data).sort().join(' ');
  if (forms !== 'text/html text/latex text/markdown text/plain') return undefined;
  return typeof text === 'string' ? text : undefined;
}
