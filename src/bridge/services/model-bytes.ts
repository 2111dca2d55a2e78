// The bytes of a model in the session, for a realtime service.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pythonLiteral } from '../agent/python-literal.js';
import { rString } from '../agent/r-agent.js';
import { BridgeError } from '../errors.js';
import type { MagicContext } from '../magics/magic.js';
import { hasStatus } from './find-service.js';
import { runUnseen, variableTypes } from './session-values.js';

/**
 * A model as its language stores it. A variable that holds bytes already, such as those of `rxSerializeModel`, which
 * genuine servers want, goes out as it is.
 *
 * @throws {BridgeError} `BRIDGE_OBJECT_NOT_FOUND`.
 */
export async function modelBytes(name: string, context: MagicContext): Promise<Buffer> {
  const types = await variableTypes([name], context);
  const className = types?.[name]?.class;
  if (className === 'raw' || className === 'bytes') return rawBytes(name, context);
  const { client, id } = await context.session.ready(context.cell);
  try {
    return await client.workspace.get(id, name, { signal: context.signal });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    throw new BridgeError('BRIDGE_OBJECT_NOT_FOUND', `The session has no variable "${name}".`, {
      cause: error,
    });
  }
}

/** By way of a file in the working directory, which is taken away again. */
async function rawBytes(name: string, context: MagicContext): Promise<Buffer> {
  const { language, session, cell, signal } = context;
  const file = `model-${randomUUID()}.bin`;
  const code =
    language.name === 'R'
      ? `base::writeBin(${name}, ${rString(file)})`
      : `__import__("pathlib").Path(${pythonLiteral(file)}).write_bytes(${name})`;
  const { client, id } = await session.ready(cell);
  try {
    await runUnseen(code, [], [], context, `write ${name}`);
    return await bytesOf(await client.files.get(id, file, { signal }));
  } finally {
    await client.files.delete(id, file).catch(() => undefined);
  }
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
