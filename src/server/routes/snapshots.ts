// Snapshots of sessions.
import type { FastifyInstance } from 'fastify';
import {
  TAKEN_BY_INTERIM,
  TAKEN_HEADER,
  type CreateSnapshotRequest,
  type CreateSnapshotResponse,
  type Snapshot as SnapshotBody,
} from '../../api/index.js';
import { ApiError } from '../errors.js';
import type { SnapshotRecord } from '../store/snapshots.js';
import { attachmentHeader } from './file-name.js';
import { addRoute, isAbandoned, paramsOf, sendText, type RouteContext } from './route.js';
import { sessionOf } from './sessions.js';

const TAKEN_KEY = TAKEN_HEADER.toLowerCase();

export function addSnapshotsRoutes(app: FastifyInstance, context: RouteContext): void {
  const { snapshots } = context;

  addRoute(app, context, 'CreateSnapshot', async (request, reply) => {
    const session = sessionOf(context, request);
    const { name } = request.body as CreateSnapshotRequest;
    const { id } = await snapshots.save({
      owner: request.owner,
      name,
      runtimeType: session.runtimeType,
      write: (folder, keep) =>
        session.saveSnapshot(
          folder,
          {
            ...(keep !== undefined && { keep }),
            onTaken: () => {
              if (request.headers[TAKEN_KEY] === TAKEN_BY_INTERIM) reply.raw.writeProcessing();
            },
          },
          () => isAbandoned(request),
        ),
    });
    const body: CreateSnapshotResponse = { snapshotId: id };
    return reply.code(201).send(body);
  });

  addRoute(app, context, 'LoadSnapshot', async (request, reply) => {
    const session = sessionOf(context, request);
    const { snapshotId } = paramsOf<'snapshotId'>(request);
    const snapshot = await snapshots.get(snapshotId, request.owner);
    if (snapshot.runtimeType !== session.runtimeType) {
      throw new ApiError(
        'API_RUNTIME_MISMATCH',
        `Snapshot ${snapshotId} is of ${snapshot.runtimeType}, and the session is of ${session.runtimeType}.`,
      );
    }
    const folder = snapshots.folderOf(snapshot);
    await session.withRuntime(
      (runtime) => runtime.loadSnapshot(folder),
      () => isAbandoned(request),
    );
    return reply.send();
  });

  addRoute(app, context, 'ListSnapshots', async (request, reply) => {
    const records = await snapshots.list(request.owner);
    return reply.send(records.map(snapshotBody));
  });

  addRoute(app, context, 'GetSnapshotContent', async (request, reply) => {
    const snapshot = await snapshots.get(paramsOf<'id'>(request).id, request.owner);
    const { stream, size } = await snapshots.openZip(snapshot);
    return reply
      .type('application/zip')
      .header('content-length', size)
      .header('content-disposition', attachmentHeader(`${snapshot.name}.zip`))
      .send(stream);
  });

  addRoute(app, context, 'DeleteSnapshot', async (request, reply) => {
    await snapshots.delete(paramsOf<'id'>(request).id, request.owner);
    return sendText(reply, 'Deleted.');
  });
}

function snapshotBody(record: SnapshotRecord): SnapshotBody {
  return {
    id: record.id,
    name: record.name,
    owner: record.owner,
    creationTime: new Date(record.createdAtMs).toISOString(),
    contentSize: record.contentSize,
  };
}
