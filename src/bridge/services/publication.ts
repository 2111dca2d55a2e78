// Publishes a service so that nothing is left half-done: what was made for a publication that fails goes away again.
import type { PatchWebServiceRequest, PublishWebServiceRequest } from '../../api/index.js';
import type { ConsumeResult, WebServiceInfo } from '../../client/index.js';
import { BridgeError } from '../errors.js';
import type { MagicContext } from '../magics/magic.js';
import { chooseSnapshot } from '../magics/snapshot.js';
import { orUndo } from './or-undo.js';
import { explainRefusal, findService, requireAbsent } from './find-service.js';

/** From which snapshot the service starts: a new one, one that is there, or none. */
export type SnapshotChoice =
  | { readonly kind: 'new' }
  | { readonly kind: 'given'; readonly wanted: string }
  | { readonly kind: 'none' };

/** A service to be published, or one to be changed. */
export interface Publication {
  readonly name: string;
  /** Absent: the server makes one up; with `isUpdate`, the latest one. */
  readonly version: string | undefined;
  readonly isUpdate: boolean;
  readonly snapshot: SnapshotChoice;
  /** All but the snapshot; an update leaves out what stays as it is. */
  readonly request: PublishWebServiceRequest;
  /** Inputs of a call that has to succeed, or else nothing is published. */
  readonly test: Readonly<Record<string, unknown>> | undefined;
}

/** What was published. */
export interface Published {
  readonly service: WebServiceInfo;
  readonly snapshot: { readonly id: string; readonly name: string } | undefined;
  readonly testResult: ConsumeResult | undefined;
}

/**
 * Publishes or changes a service.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_EXISTS`, `BRIDGE_SERVICE_NOT_FOUND` for an update, `BRIDGE_SNAPSHOT_NOT_FOUND`,
 *   `BRIDGE_SERVICE_FAILED` when the test failed: then the service is gone again, but an update stays.
 * @throws {ClientError} as the client does. @throws `AbortError` when interrupted.
 */
export async function publish(publication: Publication, context: MagicContext): Promise<Published> {
  const { version } = await checkedVersion(publication, context);
  const snapshot = await takeSnapshot({ ...publication, version }, context);
  const undo: (() => Promise<unknown>)[] = [];
  if (snapshot !== undefined && publication.snapshot.kind === 'new') {
    undo.push(() => deleteSnapshot(snapshot.id, context));
  }
  try {
    const request = { ...publication.request, ...(snapshot && { snapshotId: snapshot.id }) };
    const published = publication.isUpdate
      ? await update(publication.name, version ?? '', request, context)
      : await create(publication.name, version, request, undo, context);
    const testResult = await runTest(publication, published, context);
    const service = await findService(publication.name, published, context);
    return { service, snapshot, testResult };
  } catch (error) {
    // A service that stays changed does not need its snapshot: servers copy it.
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

/** Before anything is made: whether the version is there, which one an update means. */
async function checkedVersion(
  { name, version, isUpdate }: Publication,
  context: MagicContext,
): Promise<{ readonly version: string | undefined }> {
  if (isUpdate) return findService(name, version, context);
  if (version !== undefined) await requireAbsent(name, version, context);
  return { version };
}

/** The name that a new snapshot gets. */
export function snapshotName({ name, version }: Pick<Publication, 'name' | 'version'>): string {
  return version === undefined ? name : `${name} ${version}`;
}

async function takeSnapshot(
  publication: Pick<Publication, 'name' | 'version' | 'snapshot'>,
  context: MagicContext,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const { snapshot: choice } = publication;
  switch (choice.kind) {
    case 'none':
      return undefined;
    case 'given':
      return chooseSnapshot(choice.wanted, context);
    case 'new': {
      const { client, id } = await context.session.ready(context.cell);
      const name = snapshotName(publication);
      const making = client.sessions.createSnapshot(id, { name });
      const snapshotId = await orUndo(making, context.signal, (late) =>
        deleteSnapshot(late, context),
      );
      return { id: snapshotId, name };
    }
  }
}

async function deleteSnapshot(id: string, { session, cell }: MagicContext): Promise<unknown> {
  const { client } = await session.connected(cell);
  return client.snapshots.delete(id);
}

async function create(
  name: string,
  version: string | undefined,
  request: PublishWebServiceRequest,
  undo: (() => Promise<unknown>)[],
  context: MagicContext,
): Promise<string> {
  const { client } = await context.session.connected(context.cell);
  const remove = (made: string): Promise<unknown> => client.services.delete(name, made);
  try {
    const publishing = client.services.publish(name, version, request);
    const made = await orUndo(publishing, context.signal, remove);
    undo.push(() => remove(made));
    return made;
  } catch (error) {
    throw await explainRefusal(error, name, version, context);
  }
}

async function update(
  name: string,
  version: string,
  request: PatchWebServiceRequest,
  { session, cell, signal }: MagicContext,
): Promise<string> {
  const { client } = await session.connected(cell);
  await client.services.update(name, version, request, { signal });
  return version;
}

async function runTest(
  { name, test, isUpdate }: Publication,
  version: string,
  context: MagicContext,
): Promise<ConsumeResult | undefined> {
  if (test === undefined) return undefined;
  const { signal, session, cell, print } = context;
  const { client } = await session.connected(cell);
  const result = await client.webService.consume(name, version, test, { signal });
  if (result.success) return result;
  if (result.consoleOutput !== '') print(result.consoleOutput.replace(/\n$/, ''));
  throw new BridgeError(
    'BRIDGE_SERVICE_FAILED',
    `The test call of ${name} ${version} failed: ${result.errorMessage.trim()}`,
    {
      hint: isUpdate
        ? 'The service is changed all the same: correct the code and run the cell again.'
        : 'Nothing was published: correct the code and run the cell again.',
    },
  );
}
