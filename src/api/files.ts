// The contract of a session's files: the flat working directory of its shell.
import {
  bytesResponse,
  emptyResponse,
  errorResponses,
  jsonResponse,
  pathParameter,
  strings,
  text,
  unauthorized,
  type Paths,
} from './document.js';
import { sessionErrors, sessionIdParameter } from './sessions.js';

const tag = ['Session APIs'];
const fileName = pathParameter('fileName', 'Name of the file, without a folder.');
const fileErrors = errorResponses({
  401: unauthorized,
  404: 'No such session, or no such file in it.',
  410: 'The session existed but is gone.',
});

/** Paths of a session's files. */
export const filesPaths: Paths = {
  '/sessions/{id}/files': {
    post: {
      operationId: 'uploadSessionFile',
      tags: tag,
      summary: 'Put a file into the working directory',
      description:
        'The name is that of the multipart part, without its folders; a file of that name is replaced.',
      parameters: [sessionIdParameter],
      requestBody: {
        required: true,
        description: 'One part named `file`, with a file name.',
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              required: ['file'],
              properties: { file: { ...text('The bytes.'), format: 'binary' } },
            },
          },
        },
      },
      responses: { 201: emptyResponse('Stored.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
    get: {
      operationId: 'listSessionFiles',
      tags: tag,
      summary: 'Names of the files in the working directory',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse(strings(), 'The names.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/files/{fileName}': {
    get: {
      operationId: 'getSessionFile',
      tags: tag,
      summary: 'Download a file',
      parameters: [sessionIdParameter, fileName],
      responses: { 200: bytesResponse('The bytes of the file.'), ...fileErrors },
      'x-since': '9.0.1',
    },
    delete: {
      operationId: 'deleteSessionFile',
      tags: tag,
      summary: 'Delete a file',
      parameters: [sessionIdParameter, fileName],
      responses: { 200: emptyResponse('Deleted.'), ...fileErrors },
      'x-since': '9.0.1',
    },
  },
};
