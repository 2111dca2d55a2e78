// A message as the kernel handles it, on either side of the wire. The frames are the business of wire/.
import type { KernelMessage } from '@jupyterlab/services';
import type { JsonObject } from '../interpreter.js';

/** The header of a request, as far as a kernel may rely on it; other fields are kept but not named. */
export type Header = Pick<KernelMessage.IHeader, 'msg_id'> & {
  readonly msg_type: string;
  readonly session?: string;
  readonly username?: string;
  readonly date?: string;
  readonly version?: string;
  /** 5.5: the subshell that the message is for; absent or null for the main shell. */
  readonly subshell_id?: string | null;
};

/** A message from a front end whose signature is right. */
export interface IncomingMessage {
  /** Routing frames: where an answer goes. */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** The header's bytes as they came: every answer carries them as its parent header. */
  readonly rawHeader: Buffer;
  /** `{}` where the message answers nothing. */
  readonly parentHeader: Partial<Header>;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  /** Views of the frames, not copies. */
  readonly buffers: readonly Buffer[];
}

/** A message to a front end; header and parent header are JSON text already. */
export interface OutgoingMessage {
  readonly header: string;
  readonly parentHeader: Buffer;
  readonly metadata: object;
  /** A buffer: JSON already. */
  readonly content: object | Buffer;
  readonly buffers?: readonly Buffer[];
}

/** What a handler answers: the reply's content, and metadata where there is some. */
export interface Reply {
  readonly content: object;
  readonly metadata?: JsonObject;
}
