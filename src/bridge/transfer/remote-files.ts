// Files of a transfer in the working directory of a session: under names of their own, gone afterwards.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { messageOf, type Logger } from '../../base/index.js';
import { BridgeError } from '../errors.js';
import { within } from '../waiting.js';
import type { Digests } from './digests.js';
import { callTransfer, type TransferSession } from './session-code.js';

const CLEAN_MS = 5000;

/** A file name that nobody else has. */
export function temporaryName(extension: string): string {
  return `rserver-transfer-${randomBytes(8).toString('hex')}${extension}`;
}

/**
 * Sends bytes into a file of the session and compares the checksums.
 *
 * @throws {BridgeError} `BRIDGE_TRANSFER_DAMAGED`. @throws {ClientError} as the client does.
 */
export async function sendFile(
  session: TransferSession,
  name: string,
  source: Readable,
  digests: Digests,
  signal: AbortSignal,
): Promise<void> {
  const { client, id } = session.live;
  source.on('error', (error) => digests.destroy(error));
  await client.files.upload(id, name, source.pipe(digests), { signal });
  const [report] = await callTransfer(session, 'check', [name], signal);
  if (report?.[0] !== 'digest') throw untold();
  digests.require(report.slice(1));
}

/** Deletes what a transfer may have left; a failure to do so does not hide how the transfer ended. */
export async function cleanUp(
  { live }: TransferSession,
  names: readonly string[],
  logger?: Logger,
): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_MS);
  const deleting = names.map(async (name) => {
    try {
      await live.client.files.delete(live.id, name, { signal });
    } catch (error) {
      logger?.info({ error: messageOf(error) }, 'file of a transfer not deleted');
    }
  });
  await within(Promise.all(deleting), CLEAN_MS);
}

/** The session ran the code and told nothing. */
export function untold(): BridgeError {
  return new BridgeError('BRIDGE_TRANSFER', 'The session did not tell how the transfer went.');
}
