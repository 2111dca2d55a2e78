// The contract of a session's workspace objects in the binary form of their language.
import {
  bytesResponse,
  emptyResponse,
  errorResponses,
  jsonResponse,
  pathParameter,
  strings,
  unauthorized,
  type Paths,
} from './document.js';
import { sessionErrors, sessionIdParameter } from './sessions.js';

const tag = ['Session APIs'];
const objectName = pathParameter('objectName', 'Name of the object.');
const objectErrors = errorResponses({
  401: unauthorized,
  404: 'No such session, or no such object in it.',
  410: 'The session existed but is gone.',
});

/** Paths of a session's workspace. */
export const workspacePaths: Paths = {
  '/sessions/{id}/workspace': {
    get: {
      operationId: 'listWorkspaceObjects',
      tags: tag,
      summary: 'Names of the objects in the workspace',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse(strings(), 'The names.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/workspace/{objectName}': {
    post: {
      operationId: 'setWorkspaceObject',
      tags: tag,
      summary: 'Put an object into the workspace',
      description: 'R: the bytes of `serialize(object, NULL)`. Python: the bytes of `dill.dumps`.',
      parameters: [sessionIdParameter, objectName],
      requestBody: {
        required: true,
        description: 'The serialized object, as it is: neither JSON nor base64.',
        content: {
          'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
        },
      },
      responses: {
        200: emptyResponse('Stored; an object of that name is replaced.'),
        ...sessionErrors,
      },
      'x-since': '9.0.1',
    },
    get: {
      operationId: 'getWorkspaceObject',
      tags: tag,
      summary: 'Download an object',
      description: 'R: an `.RData` stream. Python: a `.dill` stream, tied to its Python version.',
      parameters: [sessionIdParameter, objectName],
      responses: { 200: bytesResponse('The serialized object.'), ...objectErrors },
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'deleteWorkspaceObject',
      tags: tag,
      summary: 'Delete an object',
      parameters: [sessionIdParameter, objectName],
      responses: { 200: emptyResponse('Deleted.'), ...objectErrors },
      'x-since': '9.0.1',
    },
  },
};
