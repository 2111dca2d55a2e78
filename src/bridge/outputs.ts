// Turns what a run sends back into the outputs of a cell.
import type { ExecuteOutput } from '../jupyter/index.js';
import type { AgentResultMessage } from './agent/agent.js';
import { toFrontEnd } from './comms/comm-messages.js';
import type { RunSink } from './run-receiver.js';

/**
 * What becomes of the value of a run: `result` for the last code of a cell; `show` for code before it in a language
 * that shows every visible value (R); `drop` for code before it elsewhere.
 */
export type ValueUse = 'result' | 'show' | 'drop';

/** The outputs of one run within a cell. */
export function createRunSink(
  output: ExecuteOutput,
  valueUse: ValueUse,
  onValue: (text: string) => void = () => undefined,
): RunSink {
  return {
    text: (name, text) => {
      output.stream(name, text);
    },
    taken: () => output.taken(),
    message: (message) => {
      switch (message.type) {
        case 'display': {
          const { data, metadata, display_id: displayId } = message;
          if (displayId === undefined) output.display({ data, metadata });
          else if (message.update === true) output.updateDisplay({ data, metadata, displayId });
          else output.display({ data, metadata, displayId });
          break;
        }
        case 'result':
          useValue(output, valueUse, message, onValue);
          break;
        case 'clear':
          output.clear(message.wait);
          break;
        case 'comm':
          output.comm(toFrontEnd(message));
          break;
        case 'stream':
          output.stream(message.name, message.text);
          break;
        case 'reply':
          break;
      }
    },
  };
}

function useValue(
  output: ExecuteOutput,
  valueUse: ValueUse,
  { data, metadata }: AgentResultMessage,
  onValue: (text: string) => void,
): void {
  const text = data['text/plain'];
  if (valueUse === 'result') {
    output.result({ data, metadata });
    if (typeof text === 'string') onValue(text);
  } else if (valueUse === 'show') {
    const isPlain = Object.keys(data).every((mime) => mime === 'text/plain');
    if (isPlain && typeof text === 'string') output.stream('stdout', `${text}\n`);
    else output.display({ data, metadata });
  }
}
