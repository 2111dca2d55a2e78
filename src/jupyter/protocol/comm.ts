// comm_open, comm_msg, comm_close and comm_info: channels between objects of front end and kernel.
import type { CommMessage, JsonObject } from '../interpreter.js';
import { badField, readString } from './fields.js';
import type { IncomingMessage } from './message.js';

const WIRE_TYPES = { open: 'comm_open', message: 'comm_msg', close: 'comm_close' } as const;

/** Whether messages of this type are of a comm. They have no reply. */
export function isCommType(type: string): boolean {
  return type === 'comm_open' || type === 'comm_msg' || type === 'comm_close';
}

/**
 * Reads a message of a comm.
 *
 * @throws {JupyterError} `JUPYTER_REQUEST_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 */
export function readCommMessage(request: IncomingMessage): CommMessage {
  const { content, metadata, buffers } = request;
  const shared = {
    commId: readString(content, 'comm_id'),
    data: readData(content),
    metadata,
    ...(buffers.length > 0 && { buffers }),
  };
  switch (request.header.msg_type) {
    case 'comm_open': {
      const targetModule = content['target_module'];
      return {
        type: 'open',
        targetName: readString(content, 'target_name'),
        ...(typeof targetModule === 'string' && { targetModule }),
        ...shared,
      };
    }
    case 'comm_close':
      return { type: 'close', ...shared };
    default:
      return { type: 'message', ...shared };
  }
}

/** A message of a comm as it goes out. */
export interface CommWire {
  readonly type: string;
  readonly content: object;
  readonly metadata: JsonObject;
  readonly buffers?: readonly Buffer[];
}

/** The wire form; buffers are views, not copies. */
export function commWire(message: CommMessage): CommWire {
  const { commId, data, metadata = {}, buffers = [] } = message;
  const opening = message.type === 'open' && {
    target_name: message.targetName,
    ...(message.targetModule !== undefined && { target_module: message.targetModule }),
  };
  return {
    type: WIRE_TYPES[message.type],
    content: { comm_id: commId, ...opening, data },
    metadata,
    ...(buffers.length > 0 && { buffers: buffers.map(viewOf) }),
  };
}

/** The target whose comms a `comm_info_request` asks for; all when absent. @throws {JupyterError} `JUPYTER_REQUEST_BAD`. */
export function readCommInfoRequest(content: JsonObject): string | undefined {
  return (content['target_name'] ?? undefined) === undefined
    ? undefined
    : readString(content, 'target_name');
}

/** @param comms - Target names by comm id. */
export function commInfoReply(comms: Iterable<readonly [string, string]>): object {
  const entries = [...comms].map(([id, targetName]) => [id, { target_name: targetName }]);
  return { status: 'ok', comms: Object.fromEntries(entries) as object };
}

function readData(content: JsonObject): JsonObject {
  const data = content['data'] ?? {};
  if (typeof data !== 'object' || Array.isArray(data)) throw badField('data', 'an object', data);
  return data as JsonObject;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
