// The contract of snapshots: the workspace and working directory of a session, kept as a zip file.
import {
  bytesResponse,
  emptyResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  listOf,
  pathParameter,
  ref,
  text,
  unauthorized,
  type Paths,
  type Schemas,
} from './document.js';
import { TAKEN_HEADER } from './extensions.js';
import { sessionErrors, sessionIdParameter } from './sessions.js';

const tag = ['Snapshot APIs'];
const snapshotId = pathParameter('id', 'Id of the snapshot.');
const snapshotErrors = errorResponses({
  401: unauthorized,
  404: 'No such snapshot of this user.',
});

/** Paths of snapshots. */
export const snapshotsPaths: Paths = {
  '/sessions/{id}/snapshot': {
    post: {
      operationId: 'CreateSnapshot',
      tags: tag,
      summary: 'Keep the workspace and all files of a session',
      description: 'Loaded packages and modules are not kept.',
      parameters: [
        sessionIdParameter,
        {
          name: TAKEN_HEADER,
          in: 'header',
          required: false,
          description:
            '`102`: answer with an interim 102 when the state is taken; the session goes on while it is written.',
          schema: { type: 'string' },
          'x-extension': 'snapshots',
        },
      ],
      requestBody: jsonBody(ref('CreateSnapshotRequest'), 'How to call it; may be `{}`.', {
        name: 'Iris Snapshot',
      }),
      responses: {
        201: jsonResponse(ref('CreateSnapshotResponse'), 'Kept.', {
          snapshotId: '8fac71e8-92a9-4959-a679-4376e5aab20d',
        }),
        ...sessionErrors,
      },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/loadsnapshot/{snapshotId}': {
    post: {
      operationId: 'LoadSnapshot',
      tags: tag,
      summary: 'Merge a snapshot into a session',
      description:
        'Objects and files of the same name are replaced, others stay. An R snapshot goes only into an R session, a Python one only into a Python session.',
      parameters: [sessionIdParameter, pathParameter('snapshotId', 'Id of the snapshot.')],
      responses: {
        200: emptyResponse('Merged.'),
        ...errorResponses({
          401: unauthorized,
          404: 'No such session or snapshot of this user.',
          410: 'The session existed but is gone.',
        }),
      },
      'x-since': '9.0.1',
    },
  },
  '/snapshots': {
    get: {
      operationId: 'ListSnapshots',
      tags: tag,
      summary: 'List the snapshots of the current user',
      responses: {
        200: jsonResponse(listOf('Snapshot'), 'The snapshots of the user.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.0.1',
    },
  },
  '/snapshots/{id}': {
    get: {
      operationId: 'GetSnapshotContent',
      tags: tag,
      summary: 'Download a snapshot',
      parameters: [snapshotId],
      responses: {
        200: bytesResponse(
          'A zip file of the workspace file and the working directory.',
          'application/zip',
        ),
        ...snapshotErrors,
      },
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'DeleteSnapshot',
      tags: tag,
      summary: 'Delete a snapshot for good',
      parameters: [snapshotId],
      responses: { 200: jsonResponse({ type: 'string' }, 'Deleted.'), ...snapshotErrors },
      'x-since': '9.0.1',
    },
  },
};

/** Schemas of snapshots. */
export const snapshotsSchemas: Schemas = {
  Snapshot: {
    type: 'object',
    properties: {
      id: text('Id of the snapshot.'),
      name: text('Name given at creation; may be empty.'),
      owner: text('User who made it; nobody else sees it.'),
      creationTime: text(
        'When it was made: a full time stamp without a zone, up to 7 fractional digits.',
      ),
      contentSize: { type: 'integer', description: 'Bytes of the zip file.' },
    },
  },
  CreateSnapshotRequest: {
    type: 'object',
    properties: { name: text('A name to find it by.') },
  },
  CreateSnapshotResponse: {
    type: 'object',
    properties: { snapshotId: text('Id of the new snapshot.') },
  },
};
