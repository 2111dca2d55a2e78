// Turns comm messages of the agent into those of the kernel, and back.
import type { CommMessage } from '../../jupyter/index.js';
import type { AgentCommMessage } from '../agent/agent-comms.js';

/** A message of the session for the front end. */
export function toFrontEnd(message: AgentCommMessage): CommMessage {
  const { action, comm_id: commId, data, metadata, buffers = [] } = message;
  const content = {
    commId,
    data,
    metadata,
    ...(buffers.length > 0 && { buffers: buffers.map((text) => Buffer.from(text, 'base64')) }),
  };
  if (action !== 'open') return { type: action, ...content };
  const { target_name: targetName = '', target_module: targetModule } = message;
  return {
    type: 'open',
    targetName,
    ...(targetModule !== undefined && { targetModule }),
    ...content,
  };
}

/** A message of the front end for the session. */
export function toAgent(message: CommMessage): AgentCommMessage {
  const { type: action, commId, data, metadata = {}, buffers = [] } = message;
  return {
    type: 'comm',
    action,
    comm_id: commId,
    data,
    metadata,
    ...(message.type === 'open' && { target_name: message.targetName }),
    ...(message.type === 'open' &&
      message.targetModule !== undefined && { target_module: message.targetModule }),
    ...(buffers.length > 0 && { buffers: buffers.map(toBase64) }),
  };
}

/** Of the bytes as they lie there: a view of a larger message is not copied first. */
function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
