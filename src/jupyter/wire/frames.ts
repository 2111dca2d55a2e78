// The wire protocol: multipart frames to and from messages. Pure; sockets are the business of transport/.
import { WireError } from '../errors.js';
import type { JsonObject } from '../interpreter.js';
import type { Header, IncomingMessage, OutgoingMessage } from '../protocol/message.js';
import type { Signer } from './signature.js';

/** Stands between the routing frames and the signature. */
export const DELIMITER: Buffer = Buffer.from('<IDS|MSG>');
/** Signature, header, parent header, metadata, content. */
const SIGNED_FRAME_COUNT = 5;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Splits one multipart message into routing identities and its parts, after checking its signature.
 *
 * @param frames - Wire order: `[...identities, "<IDS|MSG>", signature, header, parent, metadata, content, ...buffers]`.
 * @returns The message; `buffers` are views, not copies.
 * @throws {WireError} `WIRE_DELIMITER_MISSING`, `WIRE_FRAMES_MISSING`, `WIRE_SIGNATURE_BAD`,
 *   `WIRE_SIGNATURE_REPLAYED`, `WIRE_JSON_BAD`, `WIRE_HEADER_BAD`.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
 */
export function decodeMessage(frames: readonly Buffer[], signer: Signer): IncomingMessage {
  const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
  if (delimiter < 0) {
    throw new WireError('WIRE_DELIMITER_MISSING', 'A message has no <IDS|MSG> frame.', {
      facts: { frameCount: frames.length },
    });
  }
  const [signature, rawHeader, parentHeader, metadata, content] = frames.slice(delimiter + 1);
  if (!signature || !rawHeader || !parentHeader || !metadata || !content) {
    throw new WireError(
      'WIRE_FRAMES_MISSING',
      `A message has ${frames.length - delimiter - 1} frames after <IDS|MSG>, needs ${SIGNED_FRAME_COUNT}.`,
    );
  }
  signer.verify(signature, [rawHeader, parentHeader, metadata, content]);
  return {
    identities: frames.slice(0, delimiter),
    header: parseHeader(rawHeader),
    rawHeader,
    parentHeader: parseObject(parentHeader, 'parent header'),
    metadata: parseObject(metadata, 'metadata'),
    content: parseObject(content, 'content'),
    buffers: frames.slice(delimiter + 1 + SIGNED_FRAME_COUNT),
  };
}

/**
 * The frames of a message, signed.
 *
 * @param identities - Routing frames of a reply, or the one topic frame on IOPub.
 */
export function encodeMessage(
  identities: readonly (Buffer | string)[],
  message: OutgoingMessage,
  signer: Signer,
): (Buffer | string)[] {
  const metadata = encodeJson(message.metadata);
  const content = Buffer.isBuffer(message.content) ? message.content : encodeJson(message.content);
  const signature = signer.sign([message.header, message.parentHeader, metadata, content]);
  const parts = [DELIMITER, signature, message.header, message.parentHeader, metadata, content];
  return message.buffers === undefined
    ? [...identities, ...parts]
    : [...identities, ...parts, ...message.buffers];
}

/** Only a surrogate without its partner is written as an escape; a backslash of the text itself is doubled. */
const LONE_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * JSON that every client can read: NaN and infinities are null, half characters become U+FFFD
 * (Python clients read them, then fail to save the notebook).
 */
export function encodeJson(value: object | string): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') ? json.replace(LONE_SURROGATE, '$1\ufffd') : json;
}

function parseHeader(frame: Buffer): Header {
  const header = parseObject(frame, 'header');
  if (typeof header['msg_id'] !== 'string' || typeof header['msg_type'] !== 'string') {
    throw new WireError('WIRE_HEADER_BAD', 'A header needs msg_id and msg_type as strings.');
  }
  return header as unknown as Header;
}

function parseObject(frame: Buffer, part: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(frame));
  } catch (cause) {
    throw new WireError('WIRE_JSON_BAD', `The ${part} of a message is not JSON.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WireError('WIRE_JSON_BAD', `The ${part} of a message is not a JSON object.`);
  }
  return value as JsonObject;
}
