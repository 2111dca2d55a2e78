// Headers of the messages that the kernel sends.

/** The version of the messaging protocol which this kernel speaks. */
export const PROTOCOL_VERSION = '5.5';

/** The parent header of a message that answers nothing. */
export const NO_PARENT: Buffer = Buffer.from('{}');

/** A header as it is sent, and the id in it. */
export interface WrittenHeader {
  readonly messageId: string;
  readonly json: string;
}

/** Writes the header of one message of a type. Types go in unescaped: they are ours. */
export type HeaderWriter = (type: string) => WrittenHeader;

/**
 * Makes the writer of one kernel process. Message ids are the session's id and a number, as `jupyter_client`
 * makes them.
 *
 * @param options - `session`: an id that is new in each process, a UUID; `now`: the clock.
 * @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#message-header
 */
export function createHeaderWriter(options: {
  readonly session: string;
  readonly username: string;
  readonly now: () => Date;
}): HeaderWriter {
  // Put together from text: a header is written for every message, and little of it changes.
  const fixed =
    `"session":${JSON.stringify(options.session)},"username":${JSON.stringify(options.username)},` +
    `"version":"${PROTOCOL_VERSION}"`;
  let count = 0;
  return (type) => {
    count += 1;
    const messageId = `${options.session}_${count}`;
    const date = options.now().toISOString();
    return {
      messageId,
      json: `{"msg_id":"${messageId}","msg_type":"${type}",${fixed},"date":"${date}"}`,
    };
  };
}
